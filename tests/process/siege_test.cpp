#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>
#include <thread>

#include "process/locked.hpp"

/// What strangers and listed peers can make a node with keys spend: little, and others go on.
namespace kigumi {
namespace {

using std::chrono::seconds;

/// A TCP socket that knows nothing of ZeroMQ.
class Raw {
  public:
    explicit Raw(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const sockaddr_in name = loopback(port);
        connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
    }
    ~Raw() {
        if (fd_ >= 0) close(fd_);
    }
    Raw(Raw&& other) noexcept : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
    Raw& operator=(Raw&&) = delete;

    static sockaddr_in loopback(std::uint16_t port) {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_port = htons(port);
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return name;
    }
    int fd() const { return fd_; }
    bool connected() const { return connected_; }
    /// False once the other side has hung up.
    bool send(const std::string& bytes) const {
        return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(bytes.size());
    }
    /// Whether the other side hangs up within so long; what it says is thrown away.
    bool is_hung_up_on(seconds limit) const {
        return eventually(limit, [this] {
            std::array<char, 4'096> bytes{};
            const ssize_t size = recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
            return size == 0 || (size < 0 && errno != EAGAIN);
        });
    }

  private:
    int fd_;
    bool connected_ = false;
};

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

std::string bytes(std::initializer_list<int> values) {
    std::string text;
    for (const int value : values) text.push_back(static_cast<char>(value));
    return text;
}

/// The first 64 bytes of a ZMTP 3 connection.
std::string greeting(const std::string& mechanism) {
    std::string text = bytes({0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0}) + mechanism;
    text.resize(64, '\0');
    return text;
}

std::size_t descriptors(Site& site) {
    const std::filesystem::path all = "/proc/" + std::to_string(site.daemon().pid()) + "/fd";
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(all),
                                                  std::filesystem::directory_iterator()));
}

/// Two sites that work with each other; the first is under attack, by strangers or by a third
/// listed key.
class Siege : public LockedTest {
  protected:
    void SetUp() override {
        start_site(victim_key_, {peer_key_.text(), rogue_key_.text()});
        start_site(peer_key_, {victim_key_.text()},
                   {victim_key_.text() + "@" + victim().address()});
        victim().add("members", 1);
        expect_converged();
    }
    Site& victim() { return sites_[0]; }
    /// The two still work with each other, in both directions, and the victim has not grown.
    void expect_at_work() {
        ASSERT_TRUE(victim().daemon().running()) << victim().daemon().output();
        sites_[0].increment("count", 1);
        sites_[1].increment("count", 1);
        EXPECT_TRUE(eventually(seconds(30), [this] {
            return sites_[0].count("count") == 2 && sites_[1].count("count") == 2;
        })) << victim().daemon().output();
        EXPECT_LT(victim().peak_memory_kib(), kMaxKib);
    }

    static constexpr std::uint64_t kMaxKib = 160 << 10;
    Key& victim_key_ = make_key();
    Key& peer_key_ = make_key();
    Key& rogue_key_ = make_key();
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

TEST_F(Siege, OneKeyDoesNotOpenAnyNumberOfLinks) {
    std::deque<Guest> guests;
    for (int i = 0; i < 80; ++i) {
        Guest& guest = guests.emplace_back(context_, victim().address(), rogue_key_, victim_key_);
        guest.greet(made_up(static_cast<std::uint8_t>(i + 1)));
    }
    eventually(seconds(5), [&] { return times(victim(), "event=peer.up") >= 65; });
    sleep_for_ms(500);
    EXPECT_LE(times(victim(), "event=peer.up") - times(victim(), "event=peer.down"), 65U);
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
