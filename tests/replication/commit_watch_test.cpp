#include "kigumi/replication/commit_watch.hpp"

#include <gtest/gtest.h>

#include "kigumi/replication/memory_env.hpp"
#include "support/child_process.hpp"
#include "support/temp_directory.hpp"

namespace kigumi {
namespace {

constexpr std::int64_t kLong = 60'000;

void write(Store& store) {
    auto tx = store.write().value();
    tx.counter("n").add(1).value();
    tx.commit().value();
}

TEST(CommitWatch, WakesAfterACommit) {
    const TempDirectory directory;
    const auto store = Store::open(directory.path()).value();
    auto watch = CommitWatch::open(*store).value();
    watch.take();
    write(*store);
    EXPECT_TRUE(watch.wait(kLong));
    watch.take();
    write(*store);
    EXPECT_TRUE(watch.wait(-1));
}

TEST(CommitWatch, ManyMayWatch) {
    const TempDirectory directory;
    const auto store = Store::open(directory.path()).value();
    auto one = CommitWatch::open(*store).value();
    auto two = CommitWatch::open(*store).value();
    write(*store);
    EXPECT_TRUE(one.wait(kLong));
    one.take();
    EXPECT_TRUE(two.wait(kLong));
}

TEST(CommitWatch, IsQuietAfterItWasTaken) {
    const TempDirectory directory;
    const auto store = Store::open(directory.path()).value();
    auto watch = CommitWatch::open(*store).value();
    write(*store);
    watch.take();
    // Now and then it wakes without a commit, once a second at most.
    int quiet = 0;
    for (int i = 0; i < 3; ++i) {
        quiet += watch.wait(1) ? 0 : 1;
        watch.take();
    }
    EXPECT_GT(quiet, 0);
}

TEST(CommitWatch, HearsOtherProcesses) {
    const TempDirectory directory;
    const auto store = Store::open(directory.path()).value();
    write(*store);
    auto watch = CommitWatch::open(*store).value();
    const auto before = store->read().value().version();
    ChildProcess other({STORE_PROCESS, directory.path(), "64", "write", "w", "1", "10"});
    bool heard = false;
    while (!heard && watch.wait(kLong)) {
        watch.take();
        heard = !(store->read().value().version() == before);
    }
    EXPECT_TRUE(heard);
    other.wait();
}

TEST(CommitWatch, StoresInMemoryHaveNone) {
    const auto store = Store::over(std::make_shared<kv::MemoryEnv>()).value();
    const auto watch = CommitWatch::open(*store);
    ASSERT_FALSE(watch);
    EXPECT_EQ(watch.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace kigumi
