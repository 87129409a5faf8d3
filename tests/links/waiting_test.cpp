#include <gtest/gtest.h>

#include <thread>

#include "kigumi/replication/members.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/store.hpp"
#include "support/clock_generators.hpp"

namespace kigumi {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLong{20'000};

class Waiting : public testing::Test {
  protected:
    VersionVector write(const std::string& value) {
        auto tx = store_->write().value();
        tx.reg("k").assign(value).value();
        const VersionVector version = tx.token().version("default");
        tx.commit().value();
        return version;
    }
    void confirm(unsigned by, const VersionVector& version) {
        PeerRecord record;
        record.replica = replica(by);
        record.acknowledged = version;
        store_->put_peers({{"default", {record}}}).value();
    }

    std::unique_ptr<Store> store_ = Store::over(std::make_shared<kv::MemoryEnv>()).value();
};

TEST_F(Waiting, CountsWhoHasConfirmed) {
    const VersionVector first = write("a");
    const VersionVector second = write("b");
    EXPECT_EQ(store_->confirmed("default", second).value(), 0U);
    confirm(1, second);
    confirm(2, first);
    EXPECT_EQ(store_->confirmed("default", first).value(), 2U);
    EXPECT_EQ(store_->confirmed("default", second).value(), 1U);
    members::put(*store_, replica(1), members::Standing::kRetired).value();
    EXPECT_EQ(store_->confirmed("default", second).value(), 0U) << "who is gone does not count";
}

TEST_F(Waiting, EndsWhenEnoughHaveConfirmed) {
    const VersionVector version = write("a");
    EXPECT_EQ(store_->wait_confirmed("default", version, 0, milliseconds(0)).value(), 0U);
    std::thread later([&] {
        std::this_thread::sleep_for(milliseconds(50));
        confirm(1, version);
        confirm(2, version);
    });
    EXPECT_EQ(store_->wait_confirmed("default", version, 2, kLong).value(), 2U);
    later.join();
}

TEST_F(Waiting, SaysHowManyThereAreWhenItIsNotEnough) {
    const VersionVector version = write("a");
    confirm(1, version);
    const auto waited = store_->wait_confirmed("default", version, 3, milliseconds(20));
    ASSERT_FALSE(waited);
    EXPECT_EQ(waited.error().code, ErrorCode::kNotYet);
    EXPECT_NE(waited.error().message.find("1 of 3 replicas"), std::string::npos)
        << waited.error().message;
}

TEST_F(Waiting, ForASessionEndsWhenTheNodeCoversIt) {
    EXPECT_TRUE(store_->read_at_least({}, "default", milliseconds(0)));
    VersionVector elsewhere;
    const Dot dot = elsewhere.increment(replica(7));
    SessionToken token;
    token.observe("default", elsewhere);
    std::thread later([&] {
        std::this_thread::sleep_for(milliseconds(50));
        auto tx = store_->write().value();
        Row row;
        row.insert({dot, Hlc::at_ms(1), Value("there")});
        tx.join_row({{"k", Type::kRegister, {}}, row}, elsewhere).value();
        tx.advance(elsewhere, {});
        tx.commit().value();
    });
    auto snapshot = store_->read_at_least(token, "default", kLong).value();
    later.join();
    EXPECT_TRUE(snapshot.reg("k").get().value().has_value());
    EXPECT_EQ(snapshot.token(), token);
}

TEST_F(Waiting, ForASessionSaysWhatIsLacking) {
    write("a");
    SessionToken token;
    token.observe("default", {{replica(7), 12}, {replica(8), 1}});
    const auto snapshot = store_->read_at_least(token, "default", milliseconds(20));
    ASSERT_FALSE(snapshot);
    EXPECT_EQ(snapshot.error().code, ErrorCode::kNotYet);
    EXPECT_NE(snapshot.error().message.find("13 events by 2 replicas"), std::string::npos)
        << snapshot.error().message;
    EXPECT_TRUE(store_->read_at_least(token, "other", milliseconds(0))) << "not of this bucket";
}

}  // namespace
}  // namespace kigumi
