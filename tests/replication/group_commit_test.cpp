#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "kigumi/replication/store.hpp"
#include "support/temp_directory.hpp"

namespace kigumi {
namespace {

constexpr int kThreads = 8;
constexpr int kTransactions = 60;

TEST(GroupCommit, ThreadsAddUpAndAbortsTakeBackTheirOwnAlone) {
    TempDirectory directory;
    const auto store = Store::open(directory.path()).value();
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&store, t] {
            for (int i = 0; i < kTransactions; ++i) {
                auto txn = store->write().value();
                txn.counter("n").add(1).value();
                static_cast<void>(txn.set("s").add(t * 1000 + i).value());
                txn.reg("last").assign(t).value();
                // One in three gives up, some of them first in a group and some in the middle.
                if ((i + t) % 3 == 0) continue;
                txn.commit().value();
                EXPECT_TRUE(store->read().value().set("s").contains(t * 1000 + i).value())
                    << "committed is visible";
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    std::int64_t committed = 0;
    auto txn = store->read().value();
    for (int t = 0; t < kThreads; ++t) {
        for (int i = 0; i < kTransactions; ++i) {
            const bool kept = (i + t) % 3 != 0;
            committed += kept ? 1 : 0;
            EXPECT_EQ(txn.set("s").contains(t * 1000 + i).value(), kept) << t << " " << i;
        }
    }
    EXPECT_EQ(txn.counter("n").value().value(), committed);
    EXPECT_EQ(txn.version()[store->replica().value()], static_cast<std::uint64_t>(3 * committed));
    txn.check_log().value();
}

TEST(GroupCommit, ReadersSeeWholeTransactionsWhileOthersWrite) {
    TempDirectory directory;
    const auto store = Store::open(directory.path()).value();
    std::atomic<bool> stop = false;
    std::vector<std::thread> readers;
    for (int t = 0; t < 2; ++t) {
        readers.emplace_back([&store, &stop] {
            while (!stop) {
                auto txn = store->read().value();
                EXPECT_EQ(txn.counter("x").value().value(), txn.counter("y").value().value());
                txn.check_log().value();
            }
        });
    }
    std::vector<std::thread> writers;
    for (int t = 0; t < 4; ++t) {
        writers.emplace_back([&store] {
            for (int i = 0; i < kTransactions; ++i) {
                auto txn = store->write().value();
                txn.counter("x").add(1).value();
                txn.counter("y").add(1).value();
                txn.commit().value();
            }
        });
    }
    for (std::thread& writer : writers) writer.join();
    stop = true;
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(store->read().value().counter("x").value().value(), 4 * kTransactions);
}

TEST(GroupCommit, WaitingWritersShareCommits) {
    TempDirectory directory;
    const auto store = Store::open(directory.path()).value();
    const auto before = store->usage().value().commits;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&store] {
            for (int i = 0; i < kTransactions; ++i) {
                auto txn = store->write().value();
                txn.counter("n").add(1).value();
                txn.commit().value();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    const auto commits = store->usage().value().commits - before;
    EXPECT_GT(commits, 0U);
    EXPECT_LT(commits, static_cast<std::uint64_t>(kThreads * kTransactions) / 2);
}

TEST(GroupCommit, AWriterWithinReachOfTheLimitDoesNotHurtOthers) {
    TempDirectory directory;
    const auto store = Store::open(directory.path()).value();
    std::thread other([&store] {
        for (int i = 0; i < 20; ++i) {
            auto txn = store->write().value();
            txn.counter("n").add(1).value();
            txn.commit().value();
        }
    });
    for (int i = 0; i < 3; ++i) {
        auto txn = store->write().value();
        const Value value(std::string(1'000'000, 'x'));
        Result<void> outcome;
        for (int n = 0; outcome; ++n) outcome = txn.reg("r" + std::to_string(n)).assign(value);
        EXPECT_FALSE(txn.commit());
    }
    other.join();
    auto txn = store->read().value();
    EXPECT_EQ(txn.counter("n").value().value(), 20);
    EXPECT_EQ(txn.count_rows().value(), 1U);
    txn.check_log().value();
}

}  // namespace
}  // namespace kigumi
