#include <sys/wait.h>
#include <unistd.h>

#include "kigumi/replication/store.hpp"
#include "support/child_process.hpp"
#include "support/temp_directory.hpp"
#include "support/value_generators.hpp"

namespace kigumi {
namespace {

/// Address space that is soon too small, so that the map has to grow.
StoreOptions tiny_map() {
    StoreOptions options;
    options.lmdb.map_bytes = std::uint64_t{1} << 20;
    return options;
}

void write_one(Store& store, const std::string& name, int i, std::size_t bytes) {
    auto txn = store.write().value();
    txn.counter("n").add(1).value();
    static_cast<void>(txn.set("s").add(name + ":" + std::to_string(i)).value());
    txn.reg("r" + name + std::to_string(i)).assign(std::string(bytes, 'x')).value();
    txn.commit().value();
}

class Processes : public testing::Test {
  protected:
    std::vector<std::string> writer(const std::string& name, int count, std::size_t bytes) const {
        return {STORE_PROCESS,         directory.path(),     "1", "write", name,
                std::to_string(count), std::to_string(bytes)};
    }
    TempDirectory directory;
};

TEST_F(Processes, TwoWritersAddUpExactly) {
    constexpr int kEach = 300;
    const auto store = Store::open(directory.path()).value();
    ChildProcess other(writer("other", kEach, 10));
    ASSERT_EQ(other.line(), "open");
    for (int i = 0; i < kEach; ++i) write_one(*store, "own", i, 10);
    for (int i = 0; i < kEach; ++i) ASSERT_EQ(other.line(), std::to_string(i));
    ASSERT_EQ(other.wait(), 0);
    auto txn = store->read().value();
    EXPECT_EQ(txn.counter("n").value().value(), 2 * kEach);
    EXPECT_EQ(txn.set("s").size().value(), std::size_t{2 * kEach});
    EXPECT_EQ(txn.count_rows().value(), std::uint64_t{1 + 4 * kEach});
    // Processes of one node are one replica.
    EXPECT_EQ(txn.version()[store->replica().value()], std::uint64_t{6 * kEach});
    EXPECT_EQ(txn.version().size(), 1U);
    txn.check_log().value();
}

TEST_F(Processes, TheMapGrowsUnderBothWriters) {
    constexpr int kEach = 200;
    constexpr std::size_t kBytes = 200'000;
    const auto store = Store::open(directory.path(), tiny_map()).value();
    ChildProcess other(writer("other", kEach, kBytes));
    ASSERT_EQ(other.line(), "open");
    for (int i = 0; i < kEach; ++i) write_one(*store, "own", i, kBytes);
    for (int i = 0; i < kEach; ++i) ASSERT_EQ(other.line(), std::to_string(i));
    ASSERT_EQ(other.wait(), 0);
    EXPECT_GT(store->usage().value().file_bytes, std::uint64_t{50} << 20);
    auto txn = store->read().value();
    EXPECT_EQ(txn.counter("n").value().value(), 2 * kEach);
    txn.check_log().value();
}

TEST_F(Processes, AReaderAdoptsTheMapThatAnotherGrew) {
    write_one(*Store::open(directory.path()).value(), "own", 0, 10);
    const auto store = Store::open(directory.path(), tiny_map()).value();
    ASSERT_EQ(store->read().value().counter("n").value().value(), 1);
    ChildProcess other(writer("other", 60, 1'000'000));
    ASSERT_EQ(other.wait(), 0);
    EXPECT_EQ(store->read().value().counter("n").value().value(), 61);
    EXPECT_GT(store->usage().value().file_bytes, std::uint64_t{50} << 20);
}

TEST_F(Processes, AKilledReaderOrWriterIsNotInTheWay) {
    const auto store = Store::open(directory.path()).value();
    ChildProcess other(writer("other", 1'000'000, 10));
    ASSERT_EQ(other.line(), "open");
    for (int i = 0; i < 20; ++i) other.line();
    other.kill();
    other.wait();
    // A commit that was durable and not told of yet shows once somebody writes.
    write_one(*store, "own", 0, 10);
    const auto before = store->read().value().counter("n").value().value();
    write_one(*store, "own", 1, 10);
    auto txn = store->read().value();
    EXPECT_EQ(txn.counter("n").value().value(), before + 1);
    txn.check_log().value();
}

TEST_F(Processes, ASecondOpenInOneProcessIsRefused) {
    auto store = Store::open(directory.path()).value();
    for (const auto& path : {directory.path(), directory.path() / ".", directory.path() / "x/.."}) {
        std::filesystem::create_directory(directory.path() / "x");
        const auto second = Store::open(path);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, ErrorCode::kBusy);
        EXPECT_NE(second.error().message.find("open in this process already"), std::string::npos);
    }
    write_one(*store, "own", 0, 10);
    store.reset();
    EXPECT_EQ(Store::open(directory.path()).value()->read().value().counter("n").value().value(),
              1);
}

TEST_F(Processes, UseAfterForkIsRefused) {
    const auto store = Store::open(directory.path()).value();
    write_one(*store, "own", 0, 10);
    const pid_t child = fork();
    if (child == 0) {
        const auto read = store->read();
        const auto write = store->write();
        const bool refused = !read && !write && !store->usage() &&
                             read.error().code == ErrorCode::kInvalidArgument &&
                             read.error().message.find("fork") != std::string::npos;
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    write_one(*store, "own", 1, 10);
}

TEST_F(Processes, FreeSpaceBelowTheWatermarkRefusesWritesAndOnlyThem) {
    write_one(*Store::open(directory.path()).value(), "own", 0, 10);
    StoreOptions options;
    options.lmdb.min_free_bytes = std::uint64_t{1} << 62;
    const auto store = Store::open(directory.path(), options).value();
    const auto refused = store->write();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kFull);
    EXPECT_NE(refused.error().message.find("free some space"), std::string::npos);
    EXPECT_EQ(store->read().value().counter("n").value().value(), 1);
}

}  // namespace
}  // namespace kigumi
