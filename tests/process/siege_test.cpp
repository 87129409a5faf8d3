#include "process/siege.hpp"

#include <poll.h>

#include <array>
#include <atomic>
#include <mutex>
#include <thread>

/// What strangers and listed peers can make a node with keys spend: little, and others go on.
namespace kigumi {
namespace {

using std::chrono::seconds;

/// A relay of one connection that keeps what the client has said.
class Wiretap {
  public:
    explicit Wiretap(std::uint16_t target) : target_(target) {
        listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in name = Raw::loopback(0);
        socklen_t size = sizeof name;
        EXPECT_EQ(bind(listening_, reinterpret_cast<const sockaddr*>(&name), size), 0);
        EXPECT_EQ(listen(listening_, 1), 0);
        getsockname(listening_, reinterpret_cast<sockaddr*>(&name), &size);
        address_ = "127.0.0.1:" + std::to_string(ntohs(name.sin_port));
        thread_ = std::thread([this] { run(); });
    }
    ~Wiretap() {
        stop_ = true;
        thread_.join();
        close(listening_);
    }
    const std::string& address() const { return address_; }
    std::string heard() const {
        const std::lock_guard lock(mutex_);
        return heard_;
    }

  private:
    void run() {
        pollfd door{listening_, POLLIN, 0};
        while (!stop_ && ::poll(&door, 1, 20) != 1) {
        }
        if (stop_) return;
        const int client = accept(listening_, nullptr, nullptr);
        const Raw server(target_);
        std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {server.fd(), POLLIN, 0}}};
        while (!stop_) {
            ::poll(ends.data(), ends.size(), 20);
            for (const std::size_t from : {std::size_t{0}, std::size_t{1}}) {
                if (ends[from].revents == 0) continue;
                std::array<char, 65'536> bytes{};
                const ssize_t size = recv(ends[from].fd, bytes.data(), bytes.size(), 0);
                if (size <= 0) return void(close(client));
                const std::string part(bytes.data(), static_cast<std::size_t>(size));
                if (from == 0) {
                    const std::lock_guard lock(mutex_);
                    heard_ += part;
                }
                ::send(ends[1 - from].fd, part.data(), part.size(), MSG_NOSIGNAL);
            }
        }
        close(client);
    }

    const std::uint16_t target_;
    int listening_ = -1;
    std::string address_;
    mutable std::mutex mutex_;
    std::string heard_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

TEST_F(Siege, AHandshakeThatIsReplayedOpensNothing) {
    std::string session;
    {
        Wiretap tap(victim().port());
        Guest guest(context_, tap.address(), rogue_key_, victim_key_);
        ASSERT_TRUE(guest.is_answered(made_up(7)));
        Row row;
        row.insert({Dot{made_up(7), 1}, Hlc::at_ms(1), Value("said once")});
        guest.send(wire::Push{"default",
                              {},
                              {{made_up(7), 1}},
                              {},
                              encode_batch({{{"replayed", Type::kRegister, {}}, row}})});
        ASSERT_TRUE(
            eventually(seconds(10), [&] { return victim().get("replayed") == "said once"; }));
        session = tap.heard();
    }
    ASSERT_GT(session.size(), 300U);
    const std::size_t ups = times(victim(), "event=peer.up");
    for (int i = 0; i < 5; ++i) {
        const Raw again(victim().port());
        again.send(session);
        EXPECT_TRUE(again.is_hung_up_on(seconds(20)));
    }
    // With pauses where the server would have answered.
    const Raw slowly(victim().port());
    for (std::size_t at = 0; at < session.size(); at += 64) {
        slowly.send(session.substr(at, 64));
        sleep_for_ms(5);
    }
    EXPECT_TRUE(slowly.is_hung_up_on(seconds(20)));
    EXPECT_EQ(times(victim(), "event=peer.up"), ups);
    expect_at_work();
}

TEST_F(Siege, AnnouncedGigabytesAreNotWaitedFor) {
    std::vector<Raw> strangers;
    for (int i = 0; i < 200; ++i) {
        strangers.emplace_back(victim().port());
        const std::string head = i % 2 == 0 ? bytes({0x06, 0, 0, 0, 0, 0x40, 0, 0, 0})   // command
                                            : bytes({0x02, 0, 0, 0, 0, 0x40, 0, 0, 0});  // message
        strangers.back().send(greeting(i % 3 == 0 ? "NULL" : "CURVE") + head +
                              std::string(1'000, 'x'));
    }
    for (const Raw& stranger : strangers) EXPECT_TRUE(stranger.is_hung_up_on(seconds(30)));
    // One that stays below the bound of a frame, and never ends it.
    std::vector<Raw> slow;
    for (int i = 0; i < 50; ++i) {
        slow.emplace_back(victim().port());
        slow.back().send(greeting("CURVE") + bytes({0x06, 0, 0, 0, 0, 0, 0x0F, 0xFF, 0xFF}) +
                         std::string(200'000, 'x'));
    }
    for (const Raw& stranger : slow) EXPECT_TRUE(stranger.is_hung_up_on(seconds(30)));
    expect_at_work();
}

TEST_F(Siege, AFloodOfConnectionsIsBounded) {
    const std::size_t before = descriptors(victim());
    std::vector<Raw> flood;
    std::size_t most = 0;
    for (int i = 0; i < 1'500; ++i) {
        flood.emplace_back(victim().port());
        if (i % 3 == 0) flood.back().send(greeting("CURVE"));
        if (i % 50 == 0) most = std::max(most, descriptors(victim()));
    }
    // What nobody has looked at yet comes on top; it does not stay.
    EXPECT_TRUE(eventually(seconds(10), [&] { return descriptors(victim()) < before + 200; }))
        << descriptors(victim());
    RecordProperty("most_descriptors", static_cast<int>(most));
    expect_at_work();
}

TEST_F(Siege, AMessageThatNeverEndsIsCutOff) {
    // A listed peer: 1 GB in frames of 1 MB, and no last one until the end.
    Guest rogue(context_, victim().address(), rogue_key_, victim_key_);
    ASSERT_TRUE(rogue.is_answered(made_up(7)));
    static const std::string kFrame(1'000'000, 'x');
    for (int i = 0; i < 1'000; ++i) {
        // The same memory again and again, on this side.
        zmq::message_t frame(
            const_cast<char*>(kFrame.data()), kFrame.size(), [](void*, void*) {}, nullptr);
        rogue.socket().send(frame, i < 999 ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
    eventually(seconds(10), [&] { return times(victim(), "event=peer.hung_up") > 0; });
    EXPECT_GE(times(victim(), "event=peer.hung_up"), 1U) << victim().daemon().output();
    expect_at_work();
}

/// Without keys there is no handshake to pass, so anybody on the machine is a peer.
TEST_F(ProcessTest, AMessageThatNeverEndsIsCutOffInPlainText) {
    Site& a = make_site();
    a.start();
    const Raw rogue(a.port());
    // A greeting, READY with the socket type, then frames with "more to come".
    std::string ready = bytes({5}) + "READY" + bytes({11}) + "Socket-Type" + bytes({0, 0, 0, 6}) +
                        "DEALER" + bytes({8}) + "Identity" + bytes({0, 0, 0, 0});
    rogue.send(greeting("NULL") + bytes({0x04, static_cast<int>(ready.size())}) + ready);
    const std::string frame =
        bytes({0x03, 0, 0, 0, 0, 0, 0x0F, 0x42, 0x40}) + std::string(1'000'000, 'x');
    int sent = 0;
    while (sent < 1'000 && rogue.send(frame)) ++sent;
    EXPECT_LT(sent, 1'000) << "nobody hung up";
    EXPECT_TRUE(a.daemon().running());
    EXPECT_LT(a.peak_memory_kib(), std::uint64_t{160} << 10);
}

}  // namespace
}  // namespace kigumi
