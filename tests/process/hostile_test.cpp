#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <fstream>
#include <limits>
#include <random>
#include <zmq.hpp>

#include "kigumi/replication/batch.hpp"
#include "process/site.hpp"
#include "protocol/messages.hpp"

namespace kigumi {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A TCP connection that knows nothing of ZeroMQ.
class RawConnection {
  public:
    explicit RawConnection(const Site& site) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_port = htons(site.port());
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    }
    ~RawConnection() { close(fd_); }
    RawConnection(RawConnection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    RawConnection& operator=(RawConnection&&) = delete;

    void send(const std::string& bytes) const {
        // The daemon may hang up in the middle: that is its right.
        static_cast<void>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    }

  private:
    int fd_;
};

/// Who strangers say they are.
ReplicaId stranger_id() {
    ReplicaId::Bytes bytes{};
    bytes.fill(0xEE);
    return ReplicaId(bytes);
}

/// A peer that speaks ZeroMQ, and says what it likes.
class Stranger {
  public:
    Stranger(zmq::context_t& context, const Site& site)
        : socket_(context, zmq::socket_type::dealer) {
        socket_.set(zmq::sockopt::linger, 0);
        socket_.set(zmq::sockopt::sndtimeo, 2'000);
        socket_.set(zmq::sockopt::rcvtimeo, 50);
        socket_.connect("tcp://" + site.address());
    }
    /// Whether it could be sent within some seconds.
    bool send(const std::string& frame) {
        return socket_.send(zmq::buffer(frame), zmq::send_flags::none).has_value();
    }
    bool send(const wire::Message& message) { return send(wire::encode(message)); }
    void send_frames(const std::vector<std::string>& frames) {
        for (std::size_t i = 0; i < frames.size(); ++i)
            socket_.send(zmq::buffer(frames[i]),
                         i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
    void greet() { send(wire::Hello{wire::kProtocolVersion, stranger_id(), false}); }
    /// Greets, and waits until that was heard: more than a greeting takes must not come before.
    void introduce() {
        greet();
        EXPECT_TRUE(heard_out());
    }
    /// Waits until all that was sent has been dealt with: a part of a pull that nobody asked for
    /// is sent back in its turn.
    bool heard_out() {
        const std::uint64_t session = ++last_session_;
        return eventually(seconds(20), [&] {
            // Again and again: answers are dropped while this side does not read. With a greeting:
            // whoever sends far ahead of what is read is hung up on, and comes back as nobody.
            greet();
            send(wire::Chunk{session, 0, 0, {}, {}});
            for (zmq::message_t frame; socket_.recv(frame);) {
                const auto message = wire::decode(frame.to_string_view());
                const auto* cancel = message ? std::get_if<wire::Cancel>(&*message) : nullptr;
                if (cancel != nullptr && cancel->session == session) return true;
            }
            return false;
        });
    }

  private:
    zmq::socket_t socket_;
    std::uint64_t last_session_ = 1'000'000;
};

std::uint64_t memory_kib(Site& site, const std::string& field) {
    std::ifstream status("/proc/" + std::to_string(site.daemon().pid()) + "/status");
    for (std::string name; status >> name;) {
        std::uint64_t value = 0;
        if (name == field + ":" && status >> value) return value;
    }
    ADD_FAILURE() << "no " << field;
    return 0;
}

std::string bytes(std::initializer_list<int> values) {
    std::string text;
    for (const int value : values) text.push_back(static_cast<char>(value));
    return text;
}

/// A vector of 20,000 origins, about 400 kB on the wire.
VersionVector wide_vector() {
    VersionVector wide;
    for (unsigned i = 0; i < 20'000; ++i) {
        ReplicaId::Bytes id{};
        id[0] = static_cast<std::uint8_t>(i >> 8);
        id[1] = static_cast<std::uint8_t>(i);
        id[2] = 1;
        wide.raise(ReplicaId(id), 1);
    }
    return wide;
}

/// Three sites with some data; the first one is under attack.
class Hostile : public ProcessTest {
  protected:
    void SetUp() override {
        make_mesh();
        for (int i = 0; i < 50; ++i) sites_[0].add("members", i);
        sites_[0].assign("register", "kept");
        expect_converged();
    }
    Site& victim() { return sites_[0]; }
    /// Strangers stay until the end: what a peer said last may go unheard if it leaves at once.
    Stranger& make_stranger() { return strangers_.emplace_back(context_, victim()); }
    /// How often the victim has refused a peer, once it is at least `least`.
    std::size_t refusals(std::size_t least) {
        std::size_t n = 0;
        eventually(seconds(10), [&] {
            const std::string log = victim().daemon().output();
            n = 0;
            for (std::size_t at = 0; (at = log.find("event=peer.refused", at)) != log.npos; ++at)
                ++n;
            return n >= least;
        });
        return n;
    }

    /// The victim lives, kept its memory and its data, and still works with the others.
    void expect_unharmed() {
        EXPECT_TRUE(victim().daemon().running()) << victim().daemon().output();
        for (int i = 0; i < 3; ++i) sites_[static_cast<std::size_t>(i)].increment("count", 1);
        expect_converged();
        for (Site& site : sites_) {
            EXPECT_EQ(site.count("count"), 3);
            EXPECT_EQ(site.size("members"), 50U);
            EXPECT_EQ(site.get("register"), "kept");
        }
        EXPECT_LT(memory_kib(victim(), "VmHWM"), kMaxKib);
    }
    /// Writes at the other two reach each other all the same.
    void expect_others_at_work() {
        sites_[1].assign("others", "at work");
        EXPECT_TRUE(
            eventually(seconds(3), [this] { return sites_[2].get("others") == "at work"; }));
    }

    static constexpr std::uint64_t kMaxKib = 128 << 10;

  private:
    zmq::context_t context_{1};
    std::deque<Stranger> strangers_;
};

TEST_F(Hostile, BytesThatAreNoZeroMq) {
    std::mt19937 random(20240607);
    const std::string greeting = bytes({0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1}) + "NULL";
    for (int i = 0; i < 60; ++i) {
        std::string noise(random() % 5'000, '\0');
        for (char& c : noise) c = static_cast<char>(random());
        RawConnection(victim()).send(noise);
        RawConnection(victim()).send(greeting.substr(0, random() % greeting.size()));
        // A greeting in order, then a frame that announces 2^63 bytes.
        std::string whole = greeting + std::string(64 - greeting.size(), '\0');
        whole += bytes({0x06, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}) + noise;
        RawConnection(victim()).send(whole);
        RawConnection(victim()).send("GET / HTTP/1.1\r\nHost: kigumi\r\n\r\n");
    }
    expect_others_at_work();
    expect_unharmed();
}

TEST_F(Hostile, ConnectionsThatSayNothing) {
    std::vector<RawConnection> silent;
    for (int i = 0; i < 200; ++i) silent.emplace_back(victim());
    for (std::size_t i = 0; i < silent.size(); i += 2) silent[i].send(bytes({0xFF, 0, 0}));
    expect_others_at_work();
    expect_unharmed();
}

TEST_F(Hostile, FramesOfNoise) {
    std::mt19937 random(20240608);
    for (int i = 0; i < 30; ++i) {
        Stranger& stranger = make_stranger();
        std::string noise(random() % 3'000, '\0');
        for (char& c : noise) c = static_cast<char>(random());
        if (i % 2 == 0) stranger.greet();
        stranger.send(noise);
        stranger.send(std::string());
        stranger.send(noise);
    }
    EXPECT_GE(refusals(30), 30U);
    expect_unharmed();
}

TEST_F(Hostile, MessagesCutShort) {
    VersionVector version{{stranger_id(), 3}};
    std::size_t sent = 0;
    const std::vector<wire::Message> messages = {
        wire::Digest{{{"default", version}}},
        wire::Push{"default", {}, version, {}, encode_batch({})},
        wire::Prune{"default", {stranger_id()}},
        wire::Hearsay{"default", {{stranger_id(), version}}},
        wire::Pull{"default", 1, {}, 1'000, {}},
        wire::Chunk{1, 1, 0, "part", wire::Cursor()},
        wire::Done{1, 1, 0, version, {}, true},
    };
    for (const wire::Message& message : messages) {
        const std::string whole = wire::encode(message);
        for (std::size_t size = 1; size < whole.size(); size += 7) {
            Stranger& stranger = make_stranger();
            stranger.greet();
            stranger.send(whole.substr(0, size));
            ++sent;
        }
        Stranger& stranger = make_stranger();
        stranger.greet();
        stranger.send(whole + "more");
        ++sent;
    }
    EXPECT_EQ(refusals(sent), sent);
    expect_unharmed();
}

TEST_F(Hostile, FramesTooLargeOrTooMany) {
    for (int i = 0; i < 8; ++i) {
        // ZeroMQ itself hangs up on this one, as often as it comes again.
        Stranger& stranger = make_stranger();
        stranger.send(std::string(std::size_t{2} << 20, 'x'));
        Stranger& other = make_stranger();
        other.greet();
        other.send_frames({"one", "two", "three"});
        other.send_frames(std::vector<std::string>(1'000, "frame"));
        Stranger& third = make_stranger();
        third.introduce();
        third.send(std::string((std::size_t{1} << 20) - 1, '\xC0'));
    }
    EXPECT_EQ(refusals(8), 8U);
    expect_unharmed();
}

TEST_F(Hostile, NestingAndLengthsThatExplode) {
    const std::vector<std::string> texts = {
        std::string(500'000, '\x91'),
        std::string(500'000, '\x81'),
        bytes({0x92, 3, 0xDD, 0xFF, 0xFF, 0xFF, 0xFF}),
        bytes({0x92, 3, 0xDF, 0xFF, 0xFF, 0xFF, 0xFF}),
        bytes({0x92, 3, 0xC6, 0xFF, 0xFF, 0xFF, 0xFF}),
        bytes({0xDD, 0x00, 0x0F, 0xFF, 0xFF}) + std::string(900'000, '\xDC'),
        bytes({0xDD, 0x00, 0x0F, 0x00, 0x00}) + std::string(983'040, '\x90'),
    };
    for (const std::string& text : texts) {
        Stranger& stranger = make_stranger();
        stranger.introduce();
        stranger.send(text);
    }
    EXPECT_EQ(refusals(texts.size()), texts.size());
    expect_unharmed();
}

TEST_F(Hostile, GreetingsThatDoNotFit) {
    Stranger& stranger = make_stranger();
    stranger.send(wire::Hello{2, stranger_id(), false});
    EXPECT_NE(victim().daemon().wait_for_output("speaks protocol version"), "");
    Stranger& mirror = make_stranger();
    mirror.send(wire::Hello{wire::kProtocolVersion, victim().store().replica().value(), false});
    EXPECT_NE(victim().daemon().wait_for_output("is this replica itself"), "");
    // Before any greeting, and again and again.
    Stranger& rude = make_stranger();
    for (int i = 0; i < 1'000; ++i) rude.send(wire::Digest{{{"default", {}}}});
    for (int i = 0; i < 1'000; ++i) rude.greet();
    EXPECT_TRUE(rude.heard_out());
    expect_unharmed();
}

TEST_F(Hostile, ADigestFromTheFutureCostsNothing) {
    const ReplicaId before = victim().store().replica().value();
    const std::uint64_t written = victim().version()[before];
    Stranger& stranger = make_stranger();
    stranger.introduce();
    stranger.send(wire::Digest{{{"default", {{before, 1'000'000}}}}});
    EXPECT_NE(victim().daemon().wait_for_output("identity.claimed"), "");
    EXPECT_TRUE(stranger.heard_out());
    EXPECT_EQ(victim().store().replica().value(), before);
    EXPECT_EQ(victim().version()[before], written);
    victim().assign("afterwards", "new");
    EXPECT_EQ(victim().version()[before], written + 1);
    expect_unharmed();
    EXPECT_EQ(sites_[1].get("afterwards"), "new");
}

TEST_F(Hostile, APushWithWritesThatItDoesNotCover) {
    Stranger& stranger = make_stranger();
    stranger.greet();
    Row row;
    row.insert({Dot{stranger_id(), 9}, Hlc::at_ms(1), Value("forged")});
    wire::Push push{"default", {}, {{stranger_id(), 1}}, {}, {}};
    push.batch = encode_batch({{{"register", Type::kRegister, {}}, row}});
    stranger.send(push);
    EXPECT_NE(victim().daemon().wait_for_output("its vector does not cover"), "");
    EXPECT_EQ(victim().siblings("register"), 1U);
    expect_unharmed();
}

TEST_F(Hostile, AuditsOfEverythingAreAnsweredWithinBounds) {
    Stranger& stranger = make_stranger();
    stranger.introduce();
    for (std::uint64_t i = 0; i < 500; ++i)
        stranger.send(wire::Audit{"default", i, {}, {}, wide_vector(), i, i});
    EXPECT_TRUE(stranger.heard_out());
    expect_unharmed();
}

TEST_F(Hostile, AnAuditRemovesNothingAndMovesNoVersion) {
    Stranger& stranger = make_stranger();
    stranger.greet();
    const VersionVector before = victim().version();
    const auto rows = victim().rows();
    VersionVector far = before;
    for (const auto& [origin, counter] : before) far.raise(origin, counter + 1'000);
    // Nothing is there, says a peer that has seen everything, whatever it was asked.
    for (std::uint64_t session = 0; session < 100; ++session)
        stranger.send(wire::AuditAnswer{session, false, false, {}, far, {}, encode_batch({}), {}});
    stranger.send(wire::AuditRows{"default", far, {}, encode_batch({})});
    // A write beyond the victim's version: it would never hear of what lies between.
    Row row;
    row.insert({Dot{before.begin()->first, before.begin()->second + 5}, Hlc::at_ms(1), Value(1)});
    stranger.send(wire::AuditRows{
        "default", far, {}, encode_batch({{{"forged", Type::kRegister, {}}, row}})});
    // A write of another row.
    stranger.send(wire::AuditRows{
        "default", far, {}, encode_batch({{{"copy", Type::kSet, rows[0].at.path}, rows[0].row}})});
    EXPECT_TRUE(stranger.heard_out());
    EXPECT_EQ(victim().version(), before);
    EXPECT_EQ(victim().rows(), rows);
    victim().store().read()->check_log().value();
    // And one that its own vector does not cover.
    stranger.send(
        wire::AuditRows{"default", {}, {}, encode_batch({{{"forged", Type::kRegister, {}}, row}})});
    EXPECT_NE(victim().daemon().wait_for_output("its vector does not cover"), "");
    expect_unharmed();
}

TEST_F(Hostile, PushesWhoseCausesNeverCome) {
    Stranger& stranger = make_stranger();
    stranger.introduce();
    const ReplicaId never(ReplicaId::Bytes{0xDD});
    Row row;
    row.insert({Dot{stranger_id(), 1}, Hlc::at_ms(1), Value(std::string(500'000, 'x'))});
    for (std::uint64_t i = 1; i < 100; ++i)
        stranger.send(wire::Push{"default",
                                 {{stranger_id(), i}, {never, 1}},
                                 {{stranger_id(), i + 1}, {never, 1}},
                                 {},
                                 encode_batch({{{"register", Type::kRegister, {}}, row}})});
    EXPECT_TRUE(stranger.heard_out());
    expect_unharmed();
}

TEST_F(Hostile, APullWithoutLimits) {
    auto txn = victim().store().write().value();
    for (int i = 0; i < 60; ++i)
        txn.reg("large" + std::to_string(i)).assign(Value(std::string(900'000, 'x'))).value();
    txn.commit().value();
    expect_converged();
    const std::uint64_t before = memory_kib(victim(), "RssAnon");
    for (int i = 0; i < 3; ++i) {
        Stranger& stranger = make_stranger();
        stranger.greet();
        stranger.send(
            wire::Pull{"default", 1, {}, std::numeric_limits<std::uint64_t>::max(), std::nullopt});
    }
    std::uint64_t peak = 0;
    eventually(seconds(2), [&] {
        peak = std::max(peak, memory_kib(victim(), "RssAnon"));
        return false;
    });
    EXPECT_LT(peak - before, 48U << 10);
    EXPECT_TRUE(victim().daemon().running());
    sites_[1].increment("count", 1);
    expect_converged();
}

TEST_F(Hostile, PullsOfManyBuckets) {
    Stranger& stranger = make_stranger();
    stranger.introduce();
    for (int i = 0; i < 300; ++i)
        stranger.send(wire::Pull{"bucket" + std::to_string(i), 1, wide_vector(), 0, std::nullopt});
    EXPECT_TRUE(stranger.heard_out());
    expect_unharmed();
}

TEST_F(Hostile, VectorsInTheWrongOrder) {
    // A digest of 30,000 origins, the last first.
    std::string digest = bytes({0x92, 3, 0x91, 0x92, 0xA1, 'b', 0xDC, 30'000 >> 8, 30'000 & 255});
    for (unsigned i = 30'000; i > 0; --i)
        digest += bytes({0x92, 0xC4, 16, static_cast<int>(i >> 8), static_cast<int>(i & 255)}) +
                  std::string(14, 'i') + bytes({1});
    Stranger& stranger = make_stranger();
    stranger.introduce();
    for (int i = 0; i < 50; ++i) stranger.send(digest);
    expect_unharmed();
}

TEST_F(Hostile, DigestsOfWideVectors) {
    Stranger& stranger = make_stranger();
    stranger.greet();
    for (int i = 0; i < 200; ++i) stranger.send(wire::Digest{{{"bucket", wide_vector()}}});
    EXPECT_TRUE(stranger.heard_out());
    expect_unharmed();
}

TEST_F(Hostile, DigestsOfManyBuckets) {
    Stranger& stranger = make_stranger();
    stranger.greet();
    wire::Digest digest;
    for (int i = 0; i < 5'000; ++i)
        digest.versions.push_back({"bucket" + std::to_string(i), {{stranger_id(), 1}}});
    stranger.send(digest);
    EXPECT_TRUE(stranger.heard_out());
    expect_unharmed();
}

}  // namespace
}  // namespace kigumi
