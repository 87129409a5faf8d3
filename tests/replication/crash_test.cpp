#include <set>

#include "kigumi/replication/store.hpp"
#include "support/child_process.hpp"
#include "support/temp_directory.hpp"
#include "support/value_generators.hpp"

/// A process writes; one of its steps on the data file goes wrong; what it was told to be durable
/// has to be there. `crash_at.cpp` makes the steps go wrong.
namespace kigumi {
namespace {

constexpr std::size_t kTransactions = 8;
constexpr int kNoMoreThan = 400;

struct Outcome {
    int status = 0;
    bool opened = false;
    std::set<int> acknowledged;
    int errors = 0;
};

class Crash : public testing::Test {
  protected:
    static Outcome run(const TempDirectory& directory, const std::string& fault, int at,
                       int times = 1, const std::string& what = "write") {
        // Values of some pages, so that a commit takes several steps.
        ChildProcess writer({STORE_PROCESS, directory.path(), "64", what, "w",
                             std::to_string(kTransactions), "9000"},
                            {"LD_PRELOAD=" CRASH_AT, "KIGUMI_FAULT=" + fault,
                             "KIGUMI_FAULT_AT=" + std::to_string(at),
                             "KIGUMI_FAULT_TIMES=" + std::to_string(times)});
        Outcome result;
        for (std::string line = writer.line(); !line.empty(); line = writer.line()) {
            if (line == "open") {
                result.opened = true;
            } else if (line.starts_with("error")) {
                ++result.errors;
            } else {
                result.acknowledged.insert(std::stoi(line));
            }
        }
        result.status = writer.wait();
        return result;
    }

    /// The transactions that are there, each of them whole.
    static std::set<int> kept(Store& store) {
        auto txn = store.read().value();
        txn.check_log().value();
        std::set<int> all;
        for (int i = 0; i < int{kTransactions}; ++i) {
            const bool there = txn.set("s").contains("w:" + std::to_string(i)).value();
            const bool value = txn.reg("rw" + std::to_string(i)).get().value().has_value();
            EXPECT_EQ(there, value) << "half of transaction " << i;
            if (there) all.insert(i);
        }
        EXPECT_EQ(txn.counter("n").value().value(), static_cast<std::int64_t>(all.size()));
        EXPECT_EQ(txn.version()[store.replica().value()], 3 * all.size());
        return all;
    }

    /// The store goes on: one more transaction is acknowledged and there.
    static void expect_writable(Store& store) {
        auto txn = store.write().value();
        txn.reg("after").assign(1).value();
        txn.commit().value();
        EXPECT_EQ(store.read().value().reg("after").get().value(), Value(1));
    }

    static void crash_at_each_step(const std::string& fault) {
        int at = 1;
        for (; at < kNoMoreThan; ++at) {
            SCOPED_TRACE(fault + " at step " + std::to_string(at));
            TempDirectory directory;
            const Outcome result = run(directory, fault, at);
            if (result.status == 0) break;
            ASSERT_EQ(result.status, 137);
            const auto store = Store::open(directory.path());
            if (!store && !result.opened) {
                // Torn while it was made, before anybody was told that it is there.
                EXPECT_EQ(fault, "tear") << store.error().message;
                continue;
            }
            const std::set<int> there = kept(*store.value());
            // At most the one that was under way is there without having been acknowledged.
            EXPECT_LE(there.size(), result.acknowledged.size() + 1);
            for (const int each : result.acknowledged) EXPECT_TRUE(there.contains(each)) << each;
            expect_writable(**store);
            if (testing::Test::HasFailure()) return;
        }
        EXPECT_GT(at, int{3 * kTransactions}) << "a commit writes, syncs and writes the meta page";
        EXPECT_LT(at, kNoMoreThan);
    }
};

/// What a large pull brought is there as a whole, and can be folded in to the end.
void expect_pulled_or_nothing(Store& store, bool visible) {
    const auto rows = [&store] {
        std::vector<std::string> keys;
        store.read()
            ->scan({}, [&](const RowKey& at, const Row&) { return keys.push_back(at.key), true; })
            .value();
        return keys;
    };
    const std::vector<std::string> before = rows();
    const std::vector<std::string> pulled = {"w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7"};
    if (visible) {
        EXPECT_EQ(before, pulled);
    }
    EXPECT_TRUE(before == pulled || before.empty() || before == std::vector<std::string>{"gone"});
    while (!store.fold(kDefaultBucket, 1, 1).value()) store.read()->check_log().value();
    store.read()->check_log().value();
    EXPECT_EQ(rows(), before);
}

TEST_F(Crash, ALargePullIsFoldedInAcrossCrashesAtAnyStep) {
    for (const char* fault : {"crash", "lose", "tear", "fail"}) {
        int at = 1;
        for (; at < kNoMoreThan; ++at) {
            SCOPED_TRACE(std::string(fault) + " at step " + std::to_string(at));
            TempDirectory directory;
            const Outcome result = run(directory, fault, at, 1, "fold");
            if (result.status == 0) break;
            const auto store = Store::open(directory.path());
            if (!store && !result.opened) continue;
            expect_pulled_or_nothing(*store.value(), !result.acknowledged.empty());
            expect_writable(**store);
            if (HasFailure()) return;
        }
        EXPECT_GT(at, int{3 * kTransactions / 2});
        EXPECT_LT(at, kNoMoreThan);
    }
}

TEST_F(Crash, KilledAtAnyStepLosesNothingAcknowledged) { crash_at_each_step("crash"); }

TEST_F(Crash, PowerCutAtAnyStepLosesNothingAcknowledged) { crash_at_each_step("lose"); }

TEST_F(Crash, TornWritesAtAnyStepLoseNothingAcknowledged) { crash_at_each_step("tear"); }

TEST_F(Crash, AFailedStepIsReportedAndTheStoreGoesOn) {
    int at = 1;
    for (; at < kNoMoreThan; ++at) {
        SCOPED_TRACE("fails at step " + std::to_string(at));
        TempDirectory directory;
        const Outcome result = run(directory, "fail", at);
        ASSERT_GE(result.status, 0);
        if (result.status == 0) {
            EXPECT_EQ(result.acknowledged.size(), kTransactions);
            break;
        }
        EXPECT_EQ(result.errors, 1) << "one failed step fails one transaction";
        EXPECT_EQ(result.acknowledged.size(), result.opened ? kTransactions - 1 : 0U);
        const auto store = Store::open(directory.path()).value();
        EXPECT_EQ(kept(*store), result.acknowledged) << "on an error nothing is kept";
        expect_writable(*store);
        if (HasFailure()) return;
    }
    EXPECT_GT(at, int{3 * kTransactions});
    EXPECT_LT(at, kNoMoreThan);
}

TEST_F(Crash, WhileEveryStepFailsNothingIsAcknowledgedAndNothingIsLost) {
    for (const int at : {1, 5, 8, 13, 20, 21, 22, 23}) {
        SCOPED_TRACE("fails from step " + std::to_string(at));
        TempDirectory directory;
        const Outcome result = run(directory, "fail", at, 1'000'000);
        EXPECT_EQ(result.status, 1);
        EXPECT_EQ(result.acknowledged.size() + static_cast<std::size_t>(result.errors),
                  result.opened ? kTransactions : 1U);
        const auto store = Store::open(directory.path()).value();
        const std::set<int> there = kept(*store);
        for (const int each : result.acknowledged) EXPECT_TRUE(there.contains(each)) << each;
        expect_writable(*store);
    }
}

}  // namespace
}  // namespace kigumi
