#include "lock_test.hpp"

#include <gtest/gtest.h>

#include "zap_handler.hpp"

namespace kigumi {
namespace {

TEST(LockTest, IsPassedByALockThatWorks) {
    const KeyPair own = KeyPair::ephemeral().value();
    zmq::context_t context;
    AllowList allowed;
    const ZapHandler handler(context, allowed);
    test_lock(context, own, allowed).value();
    EXPECT_TRUE(allowed.keys().empty());
}

TEST(LockTest, IsFailedByOneThatNobodyMinds) {
    // Without a ZAP handler nobody gets in, since the domain is enforced. (Without that, anybody
    // would.)
    const KeyPair own = KeyPair::ephemeral().value();
    zmq::context_t context;
    AllowList allowed;
    EXPECT_FALSE(test_lock(context, own, allowed));
}

/// Says yes to every key.
class CarelessHandler {
  public:
    explicit CarelessHandler(zmq::context_t& context) : socket_(context, zmq::socket_type::rep) {
        socket_.set(zmq::sockopt::linger, 0);
        socket_.set(zmq::sockopt::rcvtimeo, 20);
        socket_.bind("inproc://zeromq.zap.01");
        thread_ = std::thread([this] { run(); });
    }
    ~CarelessHandler() {
        stop_ = true;
        thread_.join();
    }

  private:
    void run() {
        while (!stop_) {
            std::vector<std::string> frames;
            zmq::message_t frame;
            while (socket_.recv(frame)) {
                frames.push_back(frame.to_string());
                if (!frame.more()) break;
            }
            if (frames.size() < 2) continue;
            for (const std::string& part : {std::string("1.0"), frames[1], std::string("200"),
                                            std::string("OK"), std::string("anybody")})
                socket_.send(zmq::buffer(part), zmq::send_flags::sndmore);
            socket_.send(zmq::message_t(), zmq::send_flags::none);
        }
    }
    zmq::socket_t socket_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

TEST(LockTest, IsFailedByOneThatLetsStrangersIn) {
    const KeyPair own = KeyPair::ephemeral().value();
    zmq::context_t context;
    AllowList allowed;
    const CarelessHandler handler(context);
    const auto tested = test_lock(context, own, allowed);
    ASSERT_FALSE(tested);
    EXPECT_NE(tested.error().message.find("an unlisted key got in"), std::string::npos);
}

}  // namespace
}  // namespace kigumi
