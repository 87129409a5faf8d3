#include <gtest/gtest.h>

#include "process/locked.hpp"

/// What a server that a node dials can make it spend: little, and others go on.
namespace kigumi {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kMaxKib = 160 << 10;

/// Takes whoever dials, and answers with a message that ends after 1 GB.
class RogueServer : public LockedTest {
  protected:
    RogueServer() {
        server_.set(zmq::sockopt::linger, 0);
        server_.set(zmq::sockopt::rcvtimeo, 10'000);
    }
    void bind() {
        server_.bind("tcp://127.0.0.1:*");
        address_ = server_.get(zmq::sockopt::last_endpoint).substr(6);
    }
    /// To whoever speaks first.
    void answer_without_end() {
        zmq::message_t dialler;
        ASSERT_TRUE(server_.recv(dialler)) << "nobody has dialled";
        static const std::string kFrame(1'000'000, 'x');
        server_.send(dialler, zmq::send_flags::sndmore);
        for (int i = 0; i < 1'000; ++i) {
            // The same memory again and again, on this side.
            zmq::message_t frame(
                const_cast<char*>(kFrame.data()), kFrame.size(), [](void*, void*) {}, nullptr);
            server_.send(frame, i < 999 ? zmq::send_flags::sndmore : zmq::send_flags::none);
        }
    }
    void expect_hung_up_on_and_others_served(Site& victim, Site& other) {
        EXPECT_TRUE(eventually(seconds(30), [&] {
            return times(victim, "reason=\"a message without end\"") > 0;
        })) << victim.daemon().output();
        victim.increment("count", 1);
        other.increment("count", 1);
        EXPECT_TRUE(eventually(seconds(30), [&] {
            return victim.count("count") == 2 && other.count("count") == 2;
        })) << victim.daemon().output();
        ASSERT_TRUE(victim.daemon().running());
        EXPECT_LT(victim.peak_memory_kib(), kMaxKib);
    }

    zmq::socket_t server_{context_, zmq::socket_type::router};
    std::string address_;
};

TEST_F(RogueServer, WithAListedKeyIsCutOff) {
    Key& victim_key = make_key();
    Key& other_key = make_key();
    Key& rogue_key = make_key();
    server_.set(zmq::sockopt::curve_server, true);
    server_.set(zmq::sockopt::curve_secretkey, rogue_key.pair.secret());
    bind();
    Site& victim = start_site(victim_key, {other_key.text(), rogue_key.text()},
                              {rogue_key.text() + "@" + address_});
    Site& other =
        start_site(other_key, {victim_key.text()}, {victim_key.text() + "@" + victim.address()});
    answer_without_end();
    expect_hung_up_on_and_others_served(victim, other);
}

TEST_F(RogueServer, IsCutOffInPlainText) {
    bind();
    Site& victim = make_site();
    victim.start({address_});
    Site& other = make_site();
    other.start({victim.address()});
    answer_without_end();
    expect_hung_up_on_and_others_served(victim, other);
}

}  // namespace
}  // namespace kigumi
