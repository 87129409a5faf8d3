#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "http/http_client.hpp"
#include "http/prometheus.hpp"
#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::seconds;

/// The socket of a service manager.
class Manager {
  public:
    explicit Manager(const std::filesystem::path& path)
        : path_(path), fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        path_.string().copy(name.sun_path, sizeof name.sun_path - 1);
        EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    }
    ~Manager() { close(fd_); }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;

    std::string variable() const { return "NOTIFY_SOCKET=" + path_.string(); }
    /// Whether `word` stands in what has come since it was last asked.
    bool hears(const std::string& word, std::chrono::milliseconds limit = seconds(15)) {
        return eventually(limit, [&] {
            std::array<char, 4096> bytes{};
            const ssize_t n = recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
            return n > 0 && std::string(bytes.data(), static_cast<std::size_t>(n)).find(word) !=
                                std::string::npos;
        });
    }
    void forget() {
        std::array<char, 4096> bytes{};
        while (recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) continue;
    }

  private:
    std::filesystem::path path_;
    int fd_;
};

class Operations : public ProcessTest {
  protected:
    static std::string http_of(Site& site) { return site.daemon().wait_for_output(" http="); }
    static bool ok(const std::string& answer) { return answer.starts_with("HTTP/1.1 200 "); }
    static std::string body(const std::string& answer) {
        return answer.substr(std::min(answer.find("\r\n\r\n") + 4, answer.size()));
    }
    static bool logs(Site& site, const std::string& text) {
        return eventually(seconds(15),
                          [&] { return site.daemon().output().find(text) != std::string::npos; });
    }
    std::filesystem::path write(const std::string& name, const std::string& text) {
        const auto path = scratch_.path() / name;
        std::ofstream(path) << text;
        return path;
    }
};

TEST_F(Operations, HttpShowsANodeAndItsPeer) {
    Site& a = make_site();
    a.start({}, {"--http", "127.0.0.1:*", "--census-ms", "100"});
    Site& b = make_site();
    b.start({a.address()}, {"--http", "127.0.0.1:*"});
    a.add("members", "x");
    a.add("members", "y");
    expect_converged();
    const std::string http = http_of(a);
    EXPECT_TRUE(ok(http::get(http, "/healthz")));
    EXPECT_TRUE(ok(http::get(http, "/readyz"))) << http::get(http, "/readyz");
    EXPECT_TRUE(eventually(seconds(15), [&] {
        const auto scrape = http::read_scrape(body(http::get(http, "/metrics")));
        const auto up = scrape.families.find("kigumi_link_up");
        const auto lag = scrape.families.find("kigumi_replication_lag_events");
        return scrape.problems.empty() && up != scrape.families.end() &&
               up->second.samples.size() == 1 && up->second.samples.begin()->second == 1 &&
               lag->second.samples.size() == 1 && lag->second.samples.begin()->second == 0;
    })) << http::get(http, "/metrics");
    const auto status = nlohmann::json::parse(body(http::get(http, "/status.json")));
    EXPECT_EQ(status["healthy"], true);
    EXPECT_TRUE(eventually(seconds(15), [&] {
        const auto now = nlohmann::json::parse(body(http::get(http, "/status.json")));
        return now["store"].contains("census") && now["store"]["census"]["rows"] >= 2;
    }));
    EXPECT_TRUE(eventually(seconds(15), [&] {
        const auto now = nlohmann::json::parse(body(http::get(http, "/status.json")));
        const auto& nodes = now["membership"]["nodes"];
        return nodes.size() == 1 && nodes[0]["opinion"] == "alive" &&
               nodes[0]["address"] == b.address();
    })) << http::get(http, "/status.json");
    EXPECT_TRUE(http::read_scrape(body(http::get(http, "/metrics")))
                    .families.contains("kigumi_peer_state"));
    // The node behind b commits what it receives: that is timed.
    const auto there = http::read_scrape(body(http::get(http_of(b), "/metrics")));
    EXPECT_GE(there.families.at("kigumi_commit_duration_seconds")
                  .samples.at("kigumi_commit_duration_seconds_count{}"),
              1);
}

TEST_F(Operations, HostileHttpClientsCostReplicationNothing) {
    Site& a = make_site();
    a.start({}, {"--http", "127.0.0.1:*", "--http-timeout-ms", "60000"});
    Site& b = make_site();
    b.start({a.address()});
    const std::string http = http_of(a);
    std::deque<http::RawClient> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back(http);
        clients.back().send("GET /metrics HTTP/1.1\r\nx: ");
    }
    a.add("members", "x");
    b.add("members", "y");
    expect_converged();
    a.daemon().signal(SIGTERM);
    EXPECT_EQ(a.daemon().wait_for(seconds(20)), 0);
}

TEST_F(Operations, StartsFromAFileAndReloadsWhatMayChange) {
    Site& site = make_site();
    const auto file = write("f.toml",
                            "[log]\nlevel = \"info\"\n[http]\nlisten = \"127.0.0.1:*\"\n"
                            "[replication]\nround_ms = 400\n");
    site.start({}, {"--config", file.string()});
    const std::string http = http_of(site);
    EXPECT_TRUE(ok(http::get(http, "/healthz")));

    write("f.toml", "[log]\nlevel = \"loud\"\n");
    site.daemon().signal(SIGHUP);
    EXPECT_TRUE(logs(site, "event=config.refused")) << site.daemon().output();
    EXPECT_TRUE(logs(site, "f.toml:2:9: log.level")) << site.daemon().output();

    const auto backups = scratch_.path() / "backups";
    write("f.toml",
          "[log]\nformat = \"json\"\n[http]\nlisten = \"127.0.0.1:1\"\n"
          "[replication]\nround_ms = 100\n[[backup]]\ntarget = \"" +
              backups.string() + "\"\n");
    site.daemon().signal(SIGHUP);
    EXPECT_TRUE(logs(site, "\"event\":\"config.reloaded\"")) << site.daemon().output();
    EXPECT_TRUE(logs(site, "replication.round_ms,log.format,backup")) << site.daemon().output();
    EXPECT_TRUE(logs(site, "\"options\":\"http.listen\"")) << site.daemon().output();
    EXPECT_TRUE(logs(site, "\"event\":\"backup.done\"")) << site.daemon().output();
    EXPECT_TRUE(ok(http::get(http, "/healthz")));
    EXPECT_TRUE(eventually(seconds(15), [&] {
        return body(http::get(http, "/metrics")).find("kigumi_backup_age_seconds{") !=
               std::string::npos;
    }));
    site.daemon().signal(SIGTERM);
    EXPECT_EQ(site.daemon().wait_for(seconds(20)), 0);
}

TEST_F(Operations, RefusesAFileWithErrors) {
    const auto file = write("bad.toml", "[node]\nlisten = 7\nlissten = \"x\"\n");
    Process process({KIGUMID, "--config", file.string()}, scratch_.path() / "refused");
    EXPECT_EQ(process.wait_for(seconds(10)), 2);
    const std::string output = process.output();
    EXPECT_NE(output.find("kigumid: " + file.string() + ":2:10: node.listen wants a text"),
              std::string::npos)
        << output;
    EXPECT_NE(output.find(":3:1: there is no option node.lissten; did you mean node.listen?"),
              std::string::npos)
        << output;
}

TEST_F(Operations, LeavesOnceItsNeighboursHoldWhatItHolds) {
    Site& a = make_site();
    a.start();
    Site& b = make_site();
    b.start({a.address()}, {"--drain-ms", "60000"});
    EXPECT_TRUE(logs(a, "event=peer.up")) << a.daemon().output();
    b.add("members", "before");
    expect_converged();
    // The neighbour hears nothing for a while; what is written meanwhile has to reach it.
    a.daemon().signal(SIGSTOP);
    b.add("members", "late");
    b.daemon().signal(SIGTERM);
    sleep_for_ms(300);
    EXPECT_TRUE(b.daemon().running());
    a.daemon().signal(SIGCONT);
    EXPECT_EQ(b.daemon().wait_for(seconds(30)), 0) << b.daemon().output();
    EXPECT_EQ(b.daemon().output().find("drain.incomplete"), std::string::npos);
    EXPECT_TRUE(a.contains("members", "late"));
}

TEST_F(Operations, ASecondSignalEndsAtOnce) {
    Site& a = make_site();
    a.start();
    Site& b = make_site();
    b.start({a.address()}, {"--drain-ms", "600000"});
    EXPECT_TRUE(logs(a, "event=peer.up"));
    EXPECT_TRUE(logs(b, "event=peer.up"));
    a.daemon().signal(SIGSTOP);
    b.add("members", "x");
    b.daemon().signal(SIGTERM);
    sleep_for_ms(300);
    EXPECT_TRUE(b.daemon().running());
    b.daemon().signal(SIGTERM);
    EXPECT_EQ(b.daemon().wait_for(seconds(5)), 0);
}

TEST_F(Operations, TheWatchdogTellsOfALoopThatStandsStill) {
    Manager manager(scratch_.path() / "notify");
    Site& a = make_site();
    a.start();
    Daemon daemon(scratch_.path() / "watched");
    ASSERT_TRUE(daemon.start({a.address()}, {manager.variable(), "WATCHDOG_USEC=400000"},
                             {"--http", "127.0.0.1:*", "--watchdog-ms", "700", "--collect-ms",
                              "100", "--drain-ms", "0"}));
    const std::string http = daemon.process().wait_for_output(" http=");
    EXPECT_TRUE(manager.hears("READY=1"));
    EXPECT_TRUE(manager.hears("WATCHDOG=1"));
    EXPECT_TRUE(ok(http::get(http, "/healthz")));
    const auto store = Store::open(daemon.data()).value();
    {
        // An application that holds the write lock: the loop waits for it as soon as it has to
        // write what came from elsewhere.
        const auto txn = store->write().value();
        a.add("members", "x");
        EXPECT_TRUE(eventually(
            seconds(15), [&] { return http::get(http, "/healthz").starts_with("HTTP/1.1 503 "); }));
        EXPECT_TRUE(eventually(seconds(15), [&] {
            return daemon.process().output().find("event=loop.stuck") != std::string::npos;
        }));
        EXPECT_TRUE(http::get(http, "/readyz").starts_with("HTTP/1.1 503 "));
        sleep_for_ms(600);
        manager.forget();
        EXPECT_FALSE(manager.hears("WATCHDOG=1", seconds(1)));
    }
    EXPECT_TRUE(manager.hears("WATCHDOG=1"));
    EXPECT_TRUE(eventually(seconds(15), [&] { return ok(http::get(http, "/healthz")); }));
    EXPECT_NE(daemon.process().output().find("event=loop.turns"), std::string::npos);
    daemon.process().signal(SIGHUP);
    EXPECT_TRUE(manager.hears("RELOADING=1"));
    EXPECT_TRUE(manager.hears("READY=1"));
    daemon.process().signal(SIGTERM);
    EXPECT_TRUE(manager.hears("STOPPING=1"));
    EXPECT_EQ(daemon.process().wait_for(seconds(20)), 0);
}

}  // namespace
}  // namespace kigumi
