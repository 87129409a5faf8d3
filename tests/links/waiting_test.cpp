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
    void confirm(unsigned by, const VersionVector& version, const std::string& peer = {},
                 bool holds = true) {
        PeerRecord record;
        record.replica = replica(by);
        record.acknowledged = version;
        record.peer = peer;
        record.holds = holds;
        store_->put_peers({{"default", {record}}}).value();
    }

    std::shared_ptr<kv::MemoryEnv> env_ = std::make_shared<kv::MemoryEnv>();
    std::unique_ptr<Store> store_ = Store::over(env_).value();
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

TEST_F(Waiting, CountsPeersAndNotWhatTheySayToBe) {
    const VersionVector version = write("a");
    for (unsigned i = 1; i <= 5; ++i) confirm(i, version, "one key");
    EXPECT_EQ(store_->confirmed("default", version).value(), 1U);
    confirm(6, version, "another key");
    EXPECT_EQ(store_->confirmed("default", version).value(), 2U);
    confirm(7, version, "a key without the right to read", false);
    confirm(8, version, "", false);
    EXPECT_EQ(store_->confirmed("default", version).value(), 2U);
    // It has retired one of its replicas, and is there as another.
    members::put(*store_, replica(1), members::Standing::kRetired).value();
    EXPECT_EQ(store_->confirmed("default", version).value(), 2U);
}

TEST_F(Waiting, TakesRecordsOfEarlierVersions) {
    const VersionVector version = write("a");
    PeerRecord record;
    record.replica = replica(1);
    record.address = "there";
    record.acknowledged = version;
    record.settled = version;
    record.settled_ms = 7;
    store_->put_peers({{"default", {record}}}).value();
    // As it was written before peers had keys.
    {
        const auto txn = env_->begin_write().value();
        std::string key;
        std::string value;
        {
            const auto cursor = txn->cursor(kv::Table::kMembers).value();
            const auto item = cursor->seek({}).value();
            key = item->key;
            value = item->value;
        }
        ASSERT_EQ(static_cast<unsigned char>(value[0]), 0x9BU) << "eleven fields";
        value[0] = static_cast<char>(0x98);
        // An empty text and two truth values.
        value.resize(value.size() - 3);
        txn->put(kv::Table::kMembers, key, value).value();
        txn->commit().value();
    }
    const auto peers = store_->peers("default").value();
    ASSERT_EQ(peers.size(), 1U);
    EXPECT_EQ(peers[0].address, "there");
    EXPECT_EQ(peers[0].settled_ms, 7U);
    EXPECT_EQ(peers[0].peer, "");
    EXPECT_TRUE(peers[0].holds);
    EXPECT_FALSE(peers[0].trimmed);
    EXPECT_EQ(store_->confirmed("default", version).value(), 1U);
    store_->put_peers({}, {{"default", {replica(1)}}, {"no such bucket", {replica(1)}}}).value();
    EXPECT_TRUE(store_->peers("default").value().empty());
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
    EXPECT_NE(waited.error().message.find("1 of 3 peers"), std::string::npos)
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
