#include "kigumi/daemon/http_server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <future>
#include <thread>

#include "http/http_client.hpp"

namespace kigumi::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class HttpServer : public testing::Test {
  protected:
    void start(std::uint64_t timeout_ms = 2'000) {
        ServerOptions options;
        options.listen = "127.0.0.1:*";
        options.timeout_ms = timeout_ms;
        Pages pages;
        pages["/page"] = [] { return Answer{200, "text/plain", "the page\n"}; };
        pages["/sick"] = [] { return Answer{503, "text/plain", "sick\n"}; };
        pages["/large"] = [] { return Answer{200, "text/plain", std::string(32 << 20, 'x')}; };
        pages["/slow"] = [this] {
            ++under_way_;
            released_.wait();
            return Answer{200, "text/plain", "slow\n"};
        };
        Pages at_once;
        at_once["/alive"] = [] { return Answer{200, "text/plain", "alive\n"}; };
        at_once["/dead"] = [] { return Answer{503, "text/plain", "dead\n"}; };
        server_ = Server::start(options, pages, at_once).value();
    }
    /// Occupies all threads until `release_` is set.
    void occupy(std::deque<RawClient>& clients, int count) {
        for (int i = 0; i < count; ++i) {
            clients.emplace_back(address());
            clients.back().send("GET /slow HTTP/1.1\r\n\r\n");
        }
        for (int i = 0; i < 5'000 && under_way_ < 2; ++i)
            std::this_thread::sleep_for(milliseconds(2));
        EXPECT_EQ(under_way_, 2);
    }
    const std::string& address() const { return server_->address(); }

    std::promise<void> release_;
    std::shared_future<void> released_ = release_.get_future().share();
    std::atomic<int> under_way_ = 0;
    std::unique_ptr<Server> server_;
};

TEST_F(HttpServer, AnswersWithThePage) {
    start();
    const std::string answer = get(address(), "/page");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\nthe page\n")) << answer;
    EXPECT_TRUE(get(address(), "/sick").starts_with("HTTP/1.1 503 "));
    EXPECT_TRUE(get(address(), "/other").starts_with("HTTP/1.1 404 "));
    EXPECT_EQ(get(address(), "/large").size() >> 20, 32U);
}

TEST_F(HttpServer, TakesNothingButQuestions) {
    start();
    for (const std::string method : {"POST", "PUT", "DELETE"}) {
        const RawClient client(address());
        client.send(method + " /page HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
        const std::string answer = client.receive_all(seconds(10));
        EXPECT_FALSE(answer.starts_with("HTTP/1.1 2")) << answer;
    }
}

TEST_F(HttpServer, CutsOffAClientThatNeverComesToAnEnd) {
    start(500);
    const RawClient client(address());
    client.send("GET /page HTTP/1.1\r\n");
    const auto begun = std::chrono::steady_clock::now();
    // Each byte would give a server with a limit for each read new patience.
    while (client.send("x") && std::chrono::steady_clock::now() - begun < seconds(20))
        std::this_thread::sleep_for(milliseconds(20));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(20));
}

TEST_F(HttpServer, CutsOffAClientThatDoesNotRead) {
    start(500);
    const RawClient client(address());
    client.send("GET /large HTTP/1.1\r\n\r\n");
    std::this_thread::sleep_for(seconds(2));
    bool hung_up = false;
    const std::string answer = client.receive_all(seconds(10), &hung_up);
    EXPECT_TRUE(hung_up);
    EXPECT_LT(answer.size(), std::size_t{32} << 20);
}

TEST_F(HttpServer, CutsOffHeadersWithoutEnd) {
    start(60'000);
    const RawClient client(address());
    client.send("GET /page HTTP/1.1\r\n");
    const std::string header = "x: " + std::string(500, 'y') + "\r\n";
    std::size_t sent = 0;
    while (sent < (std::size_t{64} << 20) && client.send(header)) sent += header.size();
    EXPECT_LT(sent, std::size_t{64} << 20);
}

TEST_F(HttpServer, OutlivesWhatIsNoHttp) {
    start(500);
    for (const std::string& bytes :
         {std::string("\0\1\2\3", 4), std::string("GET"), std::string("\r\n\r\n"),
          std::string(20'000, 'A'), std::string("GET /page HTTP/9.9\r\n\r\n"),
          std::string("GET /%zz%00%ff HTTP/1.1\r\n\r\n"),
          std::string("GET /page HTTP/1.1\r\nRange: bytes=9999999999999999999999-\r\n\r\n"),
          std::string("GET /page HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"),
          std::string("POST /page HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n"),
          std::string(
              "POST /page HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\n")}) {
        const RawClient client(address());
        client.send(bytes);
        bool hung_up = false;
        client.receive_all(seconds(10), &hung_up);
        EXPECT_TRUE(hung_up) << bytes.substr(0, 40);
    }
    EXPECT_TRUE(get(address(), "/page").ends_with("the page\n"));
}

TEST_F(HttpServer, ComesBackFromAFlood) {
    start(300);
    {
        std::deque<RawClient> silent;
        for (int i = 0; i < 30; ++i) silent.emplace_back(address());
    }
    EXPECT_TRUE(get(address(), "/page", seconds(60)).ends_with("the page\n"));
}

TEST_F(HttpServer, AnswersAtOnceWhateverTheThreadsDo) {
    start(60'000);
    std::deque<RawClient> busy;
    occupy(busy, 10);
    const std::string answer = get(address(), "/alive");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\nalive\n")) << answer;
    EXPECT_TRUE(get(address(), "/alive?x=1").ends_with("alive\n"));
    EXPECT_TRUE(get(address(), "/dead").starts_with("HTTP/1.1 503 "));
    const RawClient head(address());
    head.send("HEAD /alive HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(head.receive_all(seconds(10)).ends_with("\r\n\r\n"));
    // Those that were too many for the threads still get theirs.
    release_.set_value();
    for (const RawClient& client : busy)
        EXPECT_TRUE(client.receive_all(seconds(30)).ends_with("slow\n"));
}

TEST_F(HttpServer, RefusesRequestsThatWouldWaitTooLong) {
    start(60'000);
    std::deque<RawClient> busy;
    occupy(busy, 200);
    EXPECT_TRUE(get(address(), "/page").starts_with("HTTP/1.1 503 "));
    EXPECT_TRUE(get(address(), "/alive").ends_with("alive\n"));
    release_.set_value();
    EXPECT_TRUE(busy.front().receive_all(seconds(30)).ends_with("slow\n"));
    EXPECT_TRUE(busy.back().receive_all(seconds(30)).starts_with("HTTP/1.1 503 "));
}

TEST_F(HttpServer, SilentClientsOccupyNoThread) {
    start(60'000);
    std::deque<RawClient> silent;
    for (int i = 0; i < 300; ++i) silent.emplace_back(address()).send("GET /pa");
    EXPECT_TRUE(get(address(), "/page").ends_with("the page\n"));
    // Among too many the oldest has gone.
    bool hung_up = false;
    silent.front().receive_all(seconds(10), &hung_up);
    EXPECT_TRUE(hung_up);
}

TEST_F(HttpServer, EndsAtOnceWhateverIsUnderWay) {
    start(60'000);
    const RawClient a(address());
    const RawClient b(address());
    const RawClient c(address());
    a.send("GET /pa");
    std::this_thread::sleep_for(milliseconds(100));
    const auto begun = std::chrono::steady_clock::now();
    server_.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(10));
}

TEST(HttpAddress, IsNamedIfItCannotBeUsed) {
    ServerOptions options;
    for (const char* const bad :
         {"", "9470", ":9470", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "192.0.2.1:0"}) {
        options.listen = bad;
        const auto server = Server::start(options, {});
        ASSERT_FALSE(server) << bad;
        EXPECT_NE(server.error().message.find(bad), std::string::npos);
    }
    options.listen = "127.0.0.1:*";
    const auto first = Server::start(options, {}).value();
    options.listen = first->address();
    EXPECT_FALSE(Server::start(options, {}));
}

}  // namespace
}  // namespace kigumi::http
