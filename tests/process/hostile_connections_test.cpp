#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "http/http_client.hpp"
#include "process/half_relay.hpp"
#include "process/siege.hpp"

/// What the connections of one listed key with few rights, of strangers and of HTTP clients can
/// cost, and what they leave to others.
namespace kigumi {
namespace {

/// The connection limiter's defaults for one key, and for connections that say nothing.
constexpr std::size_t kOfKey = 64;
constexpr std::size_t kSilentOfHost = 64;

/// Established TCP connections whose end on this machine's side is this port.
std::size_t connections_to(std::uint16_t port) {
    std::ifstream table("/proc/net/tcp");
    std::string line;
    std::getline(table, line);
    std::size_t count = 0;
    while (std::getline(table, line)) {
        std::istringstream words(line);
        std::string number;
        std::string local;
        std::string remote;
        std::string state;
        words >> number >> local >> remote >> state;
        const auto colon = local.find(':');
        if (state == "01" && std::stoul(local.substr(colon + 1), nullptr, 16) == port) ++count;
    }
    return count;
}

class HostileConnections : public LockedTest {
  protected:
    void SetUp() override {
        rlimit descriptors{};
        getrlimit(RLIMIT_NOFILE, &descriptors);
        descriptors.rlim_cur = std::min<rlim_t>(descriptors.rlim_max, 8'192);
        setrlimit(RLIMIT_NOFILE, &descriptors);
        context_.set(zmq::ctxopt::max_sockets, 2'000);
    }

    /// Two honest sites; the first also lists the rogue, with `rights`.
    void start_sites(const std::string& rights) {
        start_site(victim_key_, {peer_key_.text(), rogue_key_.text() + "=" + rights});
        start_peer();
    }
    void start_peer() {
        start_site(peer_key_, {victim_key_.text()},
                   {victim_key_.text() + "@" + victim().address()});
        victim().add("members", 1);
        expect_converged(seconds(30));
    }
    Site& victim() { return sites_[0]; }

    /// A connection of the rogue that is not opened again when it ends.
    zmq::socket_t open(const std::string& address) {
        zmq::socket_t socket(context_, zmq::socket_type::dealer);
        socket.set(zmq::sockopt::linger, 0);
        socket.set(zmq::sockopt::sndtimeo, 2'000);
        socket.set(zmq::sockopt::reconnect_ivl, -1);
        socket.set(zmq::sockopt::curve_serverkey, victim_key_.text());
        socket.set(zmq::sockopt::curve_publickey, rogue_key_.text());
        socket.set(zmq::sockopt::curve_secretkey, rogue_key_.pair.secret());
        socket.connect("tcp://" + address);
        return socket;
    }
    static void say(zmq::socket_t& socket, const std::string& message) {
        static_cast<void>(socket.send(zmq::buffer(message), zmq::send_flags::none));
    }
    static std::string hello(std::uint8_t as) {
        return wire::encode(wire::Hello{wire::kProtocolVersion, made_up(as), false});
    }

    /// The two honest sites still work with each other, and the victim has not grown.
    void expect_at_work() {
        ASSERT_TRUE(victim().daemon().running()) << victim().daemon().output();
        ++rounds_;
        sites_[0].increment("count", 1);
        sites_[1].increment("count", 1);
        EXPECT_TRUE(eventually(seconds(60), [this] {
            return sites_[0].count("count") == 2 * rounds_ &&
                   sites_[1].count("count") == 2 * rounds_;
        })) << victim().daemon().output();
        EXPECT_LT(victim().peak_memory_kib(), std::uint64_t{128} << 10);
    }

    Key& victim_key_ = make_key();
    Key& peer_key_ = make_key();
    Key& rogue_key_ = make_key();
    std::int64_t rounds_ = 0;
};

TEST_F(HostileConnections, AClosedLinkEndsItsConnection) {
    start_sites("none");
    const std::size_t before = descriptors(victim());
    std::size_t most = 0;
    std::deque<zmq::socket_t> rogues;
    for (int i = 0; i < 600; ++i) {
        rogues.push_back(open(victim().address()));
        say(rogues.back(), hello(static_cast<std::uint8_t>(i % 200)));
        say(rogues.back(), "no message of this protocol");
        most = std::max(most, descriptors(victim()));
    }
    RecordProperty("most_descriptors", static_cast<int>(most));
    EXPECT_TRUE(eventually(seconds(10), [&] { return descriptors(victim()) < before + 16; }))
        << descriptors(victim()) << " descriptors, " << before << " before";
    expect_at_work();
}

TEST_F(HostileConnections, OneKeyHoldsNoMoreConnectionsThanItsLimit) {
    start_sites("read");
    const std::size_t before = descriptors(victim());
    std::deque<zmq::socket_t> rogues;
    for (int i = 0; i < 600; ++i) {
        rogues.push_back(open(victim().address()));
        say(rogues.back(), hello(static_cast<std::uint8_t>(i % 200)));
        // More greetings, so that those that were refused would be heard again.
        if (i % 50 == 49)
            for (zmq::socket_t& rogue : rogues)
                static_cast<void>(rogue.send(zmq::buffer(hello(1)), zmq::send_flags::dontwait));
    }
    EXPECT_TRUE(eventually(
        seconds(10), [&] { return descriptors(victim()) <= before + kOfKey + kSilentOfHost; }))
        << descriptors(victim()) << " descriptors, " << before << " before";
    expect_at_work();
}

TEST_F(HostileConnections, HalfSentMessagesOfOneKeyShareOneBudget) {
    start_sites("none");
    const std::size_t before = descriptors(victim());
    // Each stays below 16 MiB.
    HalfRelay relay(victim().port(), 15'000'000);
    static const std::string kFrame(1'000'000, 'x');
    std::deque<zmq::socket_t> rogues;
    for (int i = 0; i < 60; ++i) {
        rogues.push_back(open(relay.address()));
        say(rogues.back(), hello(static_cast<std::uint8_t>(i)));
    }
    for (zmq::socket_t& rogue : rogues) {
        for (int i = 0; i < 16; ++i) {
            // The same memory again and again, on this side.
            zmq::message_t frame(
                const_cast<char*>(kFrame.data()), kFrame.size(), [](void*, void*) {}, nullptr);
            const auto more = i < 15 ? zmq::send_flags::sndmore : zmq::send_flags::none;
            static_cast<void>(rogue.send(frame, more));
        }
    }
    EXPECT_TRUE(eventually(seconds(30), [&] {
        return times(victim(), "event=peer.hung_up") > 0 || relay.passed_on() > 800'000'000;
    })) << victim().daemon().output();
    sleep_for_ms(1'000);
    EXPECT_GE(times(victim(), "reason=\"a message without end\""), 1U)
        << victim().daemon().output();
    EXPECT_LE(descriptors(victim()), before + kOfKey + kSilentOfHost);
    expect_at_work();
    // The library does not survive that a socket is closed while it sends the parts of a message.
    relay.hang_up();
    for (zmq::socket_t& rogue : rogues)
        EXPECT_TRUE(eventually(seconds(20), [&rogue] {
            return !rogue.send(zmq::message_t(), zmq::send_flags::dontwait);
        }));
}

TEST_F(HostileConnections, AKeyThatIsTakenOffTheListKeepsNoConnection) {
    const auto config = scratch_.path() / "kigumid.toml";
    const auto list = [&](const std::vector<std::string>& keys) {
        std::string text = "[node]\nallow = [";
        for (const std::string& key : keys) text += "\"" + key + "\", ";
        std::ofstream(config) << text << "]\n";
    };
    list({peer_key_.text(), rogue_key_.text() + "=none"});
    make_site().start({}, {"--key", victim_key_.file, "--config", config.string()});
    start_peer();
    expect_at_work();
    const std::size_t honest = connections_to(victim().port());
    std::deque<zmq::socket_t> rogues;
    for (int i = 0; i < 40; ++i) {
        rogues.push_back(open(victim().address()));
        // Some say nothing, some are welcome, and the link of some is closed.
        if (i % 4 != 0) say(rogues.back(), hello(static_cast<std::uint8_t>(i)));
        if (i % 4 == 1) say(rogues.back(), "no message of this protocol");
    }
    // Others never come to the end of their first message.
    HalfRelay relay(victim().port(), 2'000);
    for (int i = 0; i < 10; ++i) {
        rogues.push_back(open(relay.address()));
        say(rogues.back(), std::string(30'000, 'x'));
    }
    EXPECT_TRUE(eventually(seconds(10), [&] {
        return times(victim(), "event=peer.refused") >= 10 &&
               connections_to(victim().port()) >= honest + 40;
    })) << connections_to(victim().port());
    list({peer_key_.text()});
    victim().daemon().signal(SIGHUP);
    EXPECT_NE(victim().daemon().wait_for_output("event=config.reloaded"), "");
    // Sooner than those that say nothing would have to go in any case.
    EXPECT_TRUE(eventually(seconds(8), [&] { return connections_to(victim().port()) <= honest; }))
        << connections_to(victim().port()) << " connections, " << honest << " honest ones";
    expect_at_work();
}

TEST_F(HostileConnections, FewDescriptorsAreSharedOut) {
    constexpr std::size_t kDescriptors = 200;
    Process daemon(
        {"/bin/sh", "-c", "ulimit -n 200; exec \"$@\"", "sh", KIGUMID, "--data",
         (scratch_.path() / "few").string(), "--listen", "127.0.0.1:*", "--key", victim_key_.file,
         "--allow=" + peer_key_.text(), "--allow=" + rogue_key_.text() + "=none"},
        scratch_.path() / "few.log");
    const std::string listen = daemon.wait_for_output("listen=tcp://");
    ASSERT_NE(listen, "") << daemon.output();
    const std::string address = listen.substr(0, listen.find(' '));
    EXPECT_NE(daemon.output().find("event=descriptors.few"), std::string::npos);
    const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
    std::deque<zmq::socket_t> rogues;
    std::deque<Raw> strangers;
    for (int i = 0; i < 200; ++i) {
        rogues.push_back(open(address));
        say(rogues.back(), hello(1));
        strangers.emplace_back(port, "127.9.8." + std::to_string(i + 1));
    }
    Guest honest(context_, address, peer_key_, victim_key_);
    EXPECT_TRUE(honest.is_answered(made_up(201))) << daemon.output();
    EXPECT_TRUE(eventually(seconds(10), [&] { return connections_to(port) < kDescriptors / 2; }))
        << connections_to(port);
    EXPECT_TRUE(daemon.running());
}

TEST_F(HostileConnections, AFloodOfHandshakesDoesNotPushOutANewcomer) {
    start_sites("none");
    bool settled = false;
    // A handshake has five seconds: on a machine that is too busy the attempt says nothing.
    for (int attempt = 0; attempt < 5 && !settled; ++attempt) {
        const auto begun = std::chrono::steady_clock::now();
        const Raw newcomer(victim().port());
        newcomer.send(greeting("CURVE"));
        // Many addresses of few ranges; not faster than the system's queue takes them.
        std::deque<Raw> flood;
        for (int range = 1; range <= 4; ++range) {
            for (int host = 1; host <= 90; ++host) {
                flood.emplace_back(victim().port(),
                                   "127.9." + std::to_string(range) + "." + std::to_string(host));
                if (host % 30 == 0) sleep_for_ms(20);
            }
        }
        const bool bounded =
            eventually(seconds(3), [&] { return connections_to(victim().port()) < 300; });
        // What the server says at the beginning comes first.
        const bool hung_up = newcomer.is_hung_up_on(seconds(1));
        settled = bounded && std::chrono::steady_clock::now() - begun < seconds(4);
        if (settled) {
            EXPECT_FALSE(hung_up);
            Guest guest(context_, victim().address(), rogue_key_, victim_key_);
            EXPECT_TRUE(guest.is_answered(made_up(7)));
        }
    }
    EXPECT_TRUE(settled);
    expect_at_work();
}

TEST_F(HostileConnections, GreetingsDoNotFloodTheLog) {
    start_sites("none");
    zmq::socket_t rogue = open(victim().address());
    const std::size_t before = victim().daemon().output().size();
    const auto begun = std::chrono::steady_clock::now();
    std::size_t sent = 0;
    while (std::chrono::steady_clock::now() - begun < seconds(5)) {
        say(rogue, hello(static_cast<std::uint8_t>(sent % 4)));
        say(rogue, wire::encode(wire::Bye{}));
        ++sent;
    }
    RecordProperty("greetings", static_cast<int>(sent));
    // What was left out is told, if not at once.
    EXPECT_NE(victim().daemon().wait_for_output("event=log.left_out"), "");
    EXPECT_LT(victim().daemon().output().size() - before, std::size_t{64} << 10);
    expect_at_work();
}

TEST_F(HostileConnections, HealthAnswersBesideSlowHttpClients) {
    Site& site = make_site();
    site.start({}, {"--key", victim_key_.file, "--http", "127.0.0.1:*"});
    const std::string rest = site.daemon().wait_for_output("http=");
    const std::string address = rest.substr(0, rest.find(' '));
    const std::string healthy = "ok\n";
    ASSERT_TRUE(http::get(address, "/healthz").ends_with(healthy));
    std::deque<http::RawClient> slow;
    for (int i = 0; i < 100; ++i) {
        http::RawClient& client = slow.emplace_back(address);
        if (i % 4 == 1) client.send("GET /metrics HTT");
        if (i % 4 == 2) client.send("GET /status.json HTTP/1.1\r\nHost: x\r\n");
        if (i % 4 == 3) client.send("GET /metrics HTTP/1.1\r\n\r\n");
    }
    // As long as a client that sends nothing may hold on.
    const auto begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begun < seconds(4)) {
        const auto asked = std::chrono::steady_clock::now();
        EXPECT_TRUE(http::get(address, "/healthz", seconds(20)).ends_with(healthy));
        EXPECT_LT(std::chrono::steady_clock::now() - asked, seconds(2));
        for (const http::RawClient& client : slow) client.send("x");
    }
    EXPECT_TRUE(http::get(address, "/metrics", seconds(60)).starts_with("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace kigumi
