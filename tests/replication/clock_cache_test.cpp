#include <gtest/gtest.h>

#include <thread>

#include "kigumi/replication/lmdb_env.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/store.hpp"
#include "support/child_process.hpp"
#include "support/temp_directory.hpp"
#include "support/value_generators.hpp"
#include "table_stamps.hpp"

/// V is kept from one transaction to the next, and must be the one of the very rows that the
/// transaction sees. Each write here counts in a counter of its bucket, so V says the same number.
namespace kigumi {
namespace {

constexpr std::uint64_t kRowsEach = 3;  ///< by one transaction of `store_process`

template <class Transaction>
void expect_as_counted(Transaction& txn, const ReplicaId& self, std::uint64_t rows_each = 1) {
    const auto counted = static_cast<std::uint64_t>(txn.counter("n").value().value());
    ASSERT_EQ(txn.version()[self], rows_each * counted);
}

WriteTransaction count_one(Store& store, const std::string& bucket) {
    auto txn = store.write(bucket).value();
    expect_as_counted(txn, txn.self());
    txn.counter("n").add(1).value();
    return txn;
}

enum class Kind { kMemory, kLmdb };

class ClockCacheTest : public testing::TestWithParam<Kind> {
  protected:
    ClockCacheTest() {
        if (GetParam() == Kind::kMemory) env_ = memory_;
        if (GetParam() == Kind::kLmdb) env_ = kv::open_lmdb(directory_.path(), {}).value();
        store_ = Store::over(env_, {}).value();
        self_ = store_->replica().value();
    }

    std::uint64_t seen(const std::string& bucket) {
        auto txn = store_->read(bucket).value();
        expect_as_counted(txn, self_);
        return txn.version()[self_];
    }

    TempDirectory directory_;
    std::shared_ptr<kv::MemoryEnv> memory_ = std::make_shared<kv::MemoryEnv>();
    std::shared_ptr<kv::Env> env_;
    std::unique_ptr<Store> store_;
    ReplicaId self_;
};

INSTANTIATE_TEST_SUITE_P(Envs, ClockCacheTest, testing::Values(Kind::kMemory, Kind::kLmdb),
                         [](const auto& of) {
                             return of.param == Kind::kMemory ? "Memory" : "Lmdb";
                         });

TEST_P(ClockCacheTest, ATransactionThatIsGivenUpLeavesNoTrace) {
    count_one(*store_, "a").commit().value();
    EXPECT_EQ(seen("a"), 1U);
    {
        auto txn = count_one(*store_, "a");
        EXPECT_EQ(txn.version()[self_], 2U);
    }
    EXPECT_EQ(seen("a"), 1U);
    count_one(*store_, "a").commit().value();
    EXPECT_EQ(seen("a"), 2U);
}

TEST_P(ClockCacheTest, OldSnapshotsKeepTheirsAndNewOnesGetTheNewOne) {
    count_one(*store_, "a").commit().value();
    auto old = store_->read("a").value();
    count_one(*store_, "a").commit().value();
    EXPECT_EQ(seen("a"), 2U);
    expect_as_counted(old, self_);
    EXPECT_EQ(old.version()[self_], 1U);
    EXPECT_EQ(seen("a"), 2U);
}

TEST_P(ClockCacheTest, BucketsAndOtherCommitsDoNotMixItUp) {
    for (std::uint64_t i = 1; i <= 20; ++i) {
        count_one(*store_, "a").commit().value();
        if (i % 2 == 0) count_one(*store_, "b").commit().value();
        // Changes no clock.
        if (i % 3 == 0) store_->put_contacts({}).value();
        // Behind the store's back, as another process would.
        if (i % 5 == 0) {
            const auto txn = env_->begin_write().value();
            txn->put(kv::Table::kMeta, "elsewhere", std::to_string(i)).value();
            txn->commit().value();
        }
        EXPECT_EQ(seen("a"), i);
        EXPECT_EQ(seen("b"), i / 2);
    }
}

TEST_P(ClockCacheTest, AnotherStoreOnTheSameEnvironmentIsSeen) {
    const auto other = Store::over(env_, {}).value();
    for (std::uint64_t i = 1; i <= 10; ++i) {
        count_one(i % 2 == 0 ? *store_ : *other, "a").commit().value();
        EXPECT_EQ(seen("a"), i);
        auto txn = other->read("a").value();
        expect_as_counted(txn, self_);
        EXPECT_EQ(txn.version()[self_], i);
    }
}

TEST(ClockCache, FailedCommitsAndStoresThatGoBackAreNoticed) {
    const auto env = std::make_shared<kv::MemoryEnv>();
    const auto store = Store::over(env, {}).value();
    const auto counted = [&] {
        auto txn = store->read("a").value();
        expect_as_counted(txn, store->replica().value());
        return txn.version()[store->replica().value()];
    };
    count_one(*store, "a").commit().value();
    const auto state = env->state();
    env->fail_commits(1);
    EXPECT_FALSE(count_one(*store, "a").commit());
    EXPECT_EQ(counted(), 1U);
    count_one(*store, "a").commit().value();
    EXPECT_EQ(counted(), 2U);
    env->restore(state);
    EXPECT_EQ(counted(), 1U);
    count_one(*store, "a").commit().value();
    EXPECT_EQ(counted(), 2U);
}

TEST(ClockCache, WritersThatShareCommitsAndThoseWhoGiveUp) {
    constexpr int kThreads = 6;
    constexpr int kTransactions = 80;
    TempDirectory directory;
    const auto store = Store::open(directory.path()).value();
    const ReplicaId self = store->replica().value();
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&store, &self, t] {
            const std::string buckets[] = {"a", "b", "c"};
            for (int i = 0; i < kTransactions; ++i) {
                {
                    auto txn = count_one(*store, buckets[(t + i) % 3]);
                    if ((t + i) % 4 != 0) txn.commit().value();
                }
                auto txn = store->read(buckets[i % 3]).value();
                expect_as_counted(txn, self);
            }
        });
    for (std::thread& thread : threads) thread.join();
}

TEST(ClockCache, IsNeverBehindAnotherProcess) {
    constexpr std::uint64_t kEach = 150;
    TempDirectory directory;
    const auto store = Store::open(directory.path()).value();
    const ReplicaId self = store->replica().value();
    ChildProcess other(
        {STORE_PROCESS, directory.path(), "1", "write", "other", std::to_string(kEach), "10"});
    ASSERT_EQ(other.line(), "open");
    for (std::uint64_t i = 0; i < kEach; ++i) {
        ASSERT_EQ(other.line(), std::to_string(i));
        // A commit of this process that changes no clock, behind one that does.
        if (i % 2 == 0) store->put_contacts({}).value();
        auto txn = store->read().value();
        expect_as_counted(txn, self, kRowsEach);
        ASSERT_GE(txn.version()[self], kRowsEach * (i + 1)) << "what it was told of is there";
        if (i % 3 != 0) continue;
        auto write = store->write().value();
        expect_as_counted(write, self, kRowsEach);
        write.counter("n").add(1).value();
        write.reg("x").assign(static_cast<std::int64_t>(i)).value();
        write.reg("y").assign(static_cast<std::int64_t>(i)).value();
        write.commit().value();
    }
    ASSERT_EQ(other.wait(), 0);
    auto txn = store->read().value();
    expect_as_counted(txn, self, kRowsEach);
    EXPECT_EQ(txn.version()[self], kRowsEach * (kEach + kEach / 3));
}

TEST(TableStamps, ATableIsTheSameOnlyWhereThisProcessKnowsAllThatLiesBetween) {
    using kv::Table;
    kv::TableStamps stamps;
    kv::TableSet clock;
    clock.set(kv::index_of(Table::kClock));
    kv::TableSet meta;
    meta.set(kv::index_of(Table::kMeta));
    stamps.committed(5, clock);
    const std::uint64_t at_5 = stamps.at(Table::kClock, 5, 0);
    stamps.committed(6, meta);
    EXPECT_EQ(stamps.at(Table::kClock, 6, 0), at_5);
    EXPECT_NE(stamps.at(Table::kMeta, 6, 0), stamps.at(Table::kMeta, 5, 0));
    EXPECT_NE(stamps.at(Table::kClock, 7, 0), at_5) << "somebody else's commit";
    stamps.committed(8, meta);
    EXPECT_NE(stamps.at(Table::kClock, 8, 0), at_5) << "what was commit 7?";
    stamps.failed();
    stamps.committed(9, meta);
    EXPECT_NE(stamps.at(Table::kClock, 9, stamps.failures()), stamps.at(Table::kClock, 8, 0));
}

}  // namespace
}  // namespace kigumi
