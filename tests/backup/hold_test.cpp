#include <gtest/gtest.h>

#include "kigumi/daemon/backup.hpp"
#include "kigumi/daemon/restore.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/replicator.hpp"
#include "support/temp_directory.hpp"

namespace kigumi {
namespace {

constexpr std::uint64_t kHour = 3'600'000;

/// A node alone, which collects as soon as it may, with clocks that the test sets.
class BackupHold : public testing::Test {
  protected:
    BackupHold() {
        StoreOptions options;
        options.wall_ms = [this] { return wall_ms_; };
        store_ = Store::over(std::make_shared<kv::MemoryEnv>(), options).value();
        ReplicatorOptions replication;
        replication.random = [this] { return ++random_; };
        replicator_ = std::make_unique<Replicator>(*store_, replication);
    }
    void add(const std::string& bucket, const std::string& member) {
        auto tx = store_->write(bucket).value();
        tx.set("s").add(member).value();
        tx.commit().value();
    }
    void remove(const std::string& bucket, const std::string& member) {
        auto tx = store_->write(bucket).value();
        static_cast<void>(tx.set("s").erase(member).value());
        tx.commit().value();
    }
    /// Some passes of collection.
    void pass_time() {
        for (int i = 0; i < 5; ++i) {
            steady_ms_ += 2'000;
            wall_ms_ += 2'000;
            replicator_->local_commit();
            replicator_->tick(steady_ms_);
            replicator_->flush(steady_ms_);
            static_cast<void>(replicator_->take_effects());
        }
    }
    std::uint64_t removed(const std::string& bucket) {
        return store_->read(bucket)->count_removed().value();
    }
    backup::Report back_up(std::uint64_t hold_ms) {
        backup::Request request;
        request.target = directory_.path() / "target";
        request.hold_ms = hold_ms;
        return backup::run(*store_, request).value();
    }

    TempDirectory directory_;
    std::uint64_t wall_ms_ = 1'000'000'000'000;
    std::uint64_t steady_ms_ = 0;
    std::uint64_t random_ = 0;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Replicator> replicator_;
};

TEST_F(BackupHold, WithoutABackupRemovedRowsGoAtOnce) {
    add("b", "x");
    remove("b", "x");
    pass_time();
    EXPECT_EQ(removed("b"), 0U);
}

TEST_F(BackupHold, RemovalsStayUntilTheNextBackupHasThem) {
    add("b", "x");
    add("b", "y");
    EXPECT_TRUE(back_up(kHour).entry.full());
    remove("b", "x");
    pass_time();
    EXPECT_EQ(removed("b"), 1U) << "the next incremental backup has to carry it";
    EXPECT_FALSE(back_up(kHour).entry.full());
    backup::restore({directory_.path() / "target", directory_.path() / "restored", {}}).value();
    const auto restored = Store::open(directory_.path() / "restored").value();
    EXPECT_FALSE(restored->read("b")->set("s").contains("x").value());
    EXPECT_TRUE(restored->read("b")->set("s").contains("y").value());
    pass_time();
    EXPECT_EQ(removed("b"), 0U);
    remove("b", "y");
    pass_time();
    EXPECT_EQ(removed("b"), 1U);
}

TEST_F(BackupHold, EndsByItselfAndTheNextBackupIsFull) {
    add("b", "x");
    back_up(kHour);
    remove("b", "x");
    wall_ms_ += kHour;
    pass_time();
    EXPECT_EQ(removed("b"), 0U);
    const auto next = back_up(kHour);
    EXPECT_TRUE(next.entry.full());
    EXPECT_NE(next.why_full.find("dropped removals"), std::string::npos) << next.why_full;
}

TEST_F(BackupHold, NothingIsHeldForWhoAsksForNothing) {
    add("b", "x");
    back_up(0);
    remove("b", "x");
    pass_time();
    EXPECT_EQ(removed("b"), 0U);
    EXPECT_TRUE(back_up(0).entry.full());
}

TEST_F(BackupHold, ConcernsOnlyWhatTheBackupHolds) {
    add("old", "x");
    back_up(kHour);
    add("new", "x");
    remove("new", "x");
    remove("old", "x");
    pass_time();
    EXPECT_EQ(removed("new"), 0U) << "a new bucket goes into the next backup in full";
    EXPECT_EQ(removed("old"), 1U);
    EXPECT_FALSE(back_up(kHour).entry.full()) << "the other bucket is incremental all the same";
}

TEST_F(BackupHold, AFailedBackupHoldsNoMoreThanTheOneBefore) {
    add("b", "x");
    backup::Request request;
    request.target = directory_.path() / "missing" / "target";
    ASSERT_FALSE(backup::run(*store_, request));
    remove("b", "x");
    pass_time();
    EXPECT_EQ(removed("b"), 0U);
}

}  // namespace
}  // namespace kigumi
