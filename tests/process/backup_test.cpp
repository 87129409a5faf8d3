#include "kigumi/daemon/backup.hpp"

#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "kigumi/daemon/drill.hpp"
#include "kigumi/daemon/restore.hpp"
#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::seconds;

/// kigumid and kigumi that make backups, and what happens to them.
class Backups : public ProcessTest {
  protected:
    std::filesystem::path path(const std::string& name) const { return scratch_.path() / name; }
    std::size_t backups(const std::string& target) const {
        const auto manifest = backup::read_manifest(path(target));
        return manifest ? manifest->entries.size() : 0;
    }
    void expect_sound(const std::string& target) const {
        EXPECT_EQ(backup::verify(path(target)).value(), std::vector<std::string>());
    }
    /// kigumid on a directory, with backup tiers.
    std::unique_ptr<Process> start(const std::string& data, const std::vector<std::string>& tiers) {
        auto command = kigumid_command(path(data), "127.0.0.1:*");
        for (const std::string& tier : tiers) command.insert(command.end(), {"--backup", tier});
        auto process = std::make_unique<Process>(command, path(data + ".log"));
        EXPECT_NE(process->wait_for_output(" listen=tcp://"), "") << process->output();
        return process;
    }
    /// The record of a target, as `kigumi status` shows it.
    static BackupRecord record(Store& store, const std::filesystem::path& target) {
        for (const BackupRecord& record : store.backups().value())
            if (record.path == target) return record;
        return {};
    }
    /// Adds members to a set, so many to a transaction, each with some text that compresses badly.
    static void add_members(Store& store, int from, int to) {
        while (from < to) {
            auto tx = store.write().value();
            for (const int end = std::min(to, from + 500); from < end; ++from) {
                std::string text = std::to_string(from);
                std::uint64_t noise = static_cast<std::uint64_t>(from) + 1;
                for (int i = 0; i < 30; ++i) {
                    noise = noise * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
                    text += std::to_string(noise >> 20);
                }
                tx.reg("key-" + std::to_string(from)).assign(text).value();
            }
            tx.commit().value();
        }
    }
};

TEST_F(Backups, OneTierFailsAndTheOtherDoesNot) {
    std::ofstream(path("disk")) << "a file in the way";
    const auto daemon = start("node", {path("good").string() + ",every=1s,keep=3",
                                       path("disk").string() + "/target,every=2s"});
    const auto store = Store::open(path("node")).value();
    for (int i = 0; i < 5; ++i) {
        add_members(*store, i, i + 1);
        const std::size_t seen = backups("good") == 3 ? 0 : backups("good");
        EXPECT_TRUE(eventually(seconds(20), [&] { return backups("good") > seen; }));
    }
    const auto bad = path("disk") / "target";
    EXPECT_TRUE(eventually(seconds(20), [&] { return record(*store, bad).failing(); }));
    EXPECT_NE(record(*store, bad).error.find(bad.string()), std::string::npos);
    EXPECT_EQ(record(*store, bad).success_ms, 0U);
    EXPECT_GT(record(*store, path("good")).success_ms, 0U);
    EXPECT_FALSE(record(*store, path("good")).failing());
    // The disk is back.
    std::filesystem::remove(path("disk"));
    std::filesystem::create_directory(path("disk"));
    EXPECT_TRUE(eventually(seconds(20), [&] { return backups("disk/target") > 0; }));
    EXPECT_TRUE(eventually(seconds(20), [&] { return !record(*store, bad).failing(); }));
    daemon->signal(SIGTERM);
    EXPECT_EQ(daemon->wait_for(seconds(20)), 0) << daemon->output();
    expect_sound("good");
    expect_sound("disk/target");
    EXPECT_NE(daemon->output().find("event=backup.failed target=\"" + bad.string()),
              std::string::npos)
        << daemon->output();
}

TEST_F(Backups, OneTierHangsAndNeitherTheOtherNorTheEndWaitsForIt) {
    // As a dead network disk does: whoever opens the manifest waits for ever.
    std::filesystem::create_directory(path("dead"));
    ASSERT_EQ(mkfifo((path("dead") / "manifest.json").c_str(), 0600), 0);
    const auto daemon =
        start("node", {path("dead").string() + ",every=1s", path("good").string() + ",every=1s"});
    EXPECT_TRUE(eventually(seconds(20), [&] { return backups("good") >= 3; }));
    daemon->signal(SIGTERM);
    EXPECT_EQ(daemon->wait_for(seconds(20)), 0);
    EXPECT_NE(daemon->output().find("event=backup.abandoned"), std::string::npos)
        << daemon->output();
    expect_sound("good");
}

TEST_F(Backups, KilledAtAnyMomentLeaveTheEarlierOnes) {
    {
        const auto store = Store::open(path("node")).value();
        add_members(*store, 0, 40'000);
    }
    const auto back_up = [this] {
        return std::make_unique<Process>(
            std::vector<std::string>{KIGUMI_CLI, "--data", path("node").string(), "backup",
                                     path("target").string(), "--full", "--keep", "2"},
            path("backup.log"));
    };
    const auto whole_begun = std::chrono::steady_clock::now();
    ASSERT_EQ(back_up()->wait_for(seconds(60)), 0);
    const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - whole_begun);
    constexpr int kKills = 12;
    int killed = 0;
    for (int i = 0; i < kKills; ++i) {
        const auto process = back_up();
        // From its first step to its last.
        sleep_for_ms(static_cast<int>(whole.count()) * i / (kKills - 2));
        if (process->running()) ++killed;
        process->kill();
        ASSERT_GE(backups("target"), 1U) << "kill " << i;
        expect_sound("target");
    }
    EXPECT_GT(killed, kKills / 2) << "else it was over before";
    ASSERT_EQ(back_up()->wait_for(seconds(60)), 0);
    std::size_t bundles = 0;
    for (const auto& file : std::filesystem::directory_iterator(path("target")))
        if (file.path().filename().string().starts_with("backup-")) ++bundles;
    EXPECT_EQ(bundles, 2U) << "what the killed ones left is gone";
    const auto store = Store::open(path("node")).value();
    EXPECT_TRUE(backup::drill(*store, {path("target"), {}})->passed());
}

TEST_F(Backups, AreExactWhileWritersWriteAndRestoresRun) {
    const auto daemon = start("node", {path("tier").string() + ",every=1s"});
    const auto store = Store::open(path("node")).value();
    std::atomic<bool> stop = false;
    // Two registers and a counter that are only ever changed together.
    std::thread writer([&] {
        for (std::int64_t i = 1; !stop; ++i) {
            auto tx = store->write().value();
            tx.reg("left").assign(Value(i)).value();
            tx.reg("right").assign(Value(i)).value();
            tx.counter("both").add(1).value();
            static_cast<void>(tx.set("last").add(Value(i)).value());
            static_cast<void>(tx.set("last").erase(Value(i - 1)).value());
            tx.commit().value();
        }
    });
    std::size_t incremental = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_TRUE(eventually(seconds(20), [&] { return backups("tier") > i; }));
        const auto into = path("restored-" + std::to_string(i));
        const auto report = backup::restore({path("tier"), into, {}});
        ASSERT_TRUE(report) << report.error().message;
        if (!report->entry.full()) ++incremental;
        const auto restored = Store::open(into).value();
        auto txn = restored->read().value();
        const auto left = txn.reg("left").get().value();
        EXPECT_EQ(left, txn.reg("right").get().value());
        EXPECT_EQ(left.value_or(Value(0)), Value(txn.counter("both").value().value()));
        const auto last = txn.set("last").members().value();
        const auto expected = left ? std::vector<Value>{*left} : std::vector<Value>();
        EXPECT_EQ(last, expected) << "what was removed stays so";
        txn.check_log().value();
    }
    EXPECT_GT(incremental, 0U);
    const auto drilled = backup::drill(*store, {path("tier"), {}});
    ASSERT_TRUE(drilled) << drilled.error().message;
    EXPECT_TRUE(drilled->passed()) << drilled->differences[0];
    stop = true;
    writer.join();
    expect_sound("tier");
}

TEST_F(Backups, ARestoredNodeJoinsTheClusterAgain) {
    Site& lost = make_site();
    Site& other = make_site();
    lost.start();
    other.start({lost.address()});
    lost.add("s", "early");
    lost.add("s", "removed");
    expect_converged();
    backup::Request request;
    request.target = path("target");
    backup::run(lost.store(), request).value();
    lost.remove("s", "removed");
    other.add("s", "late");
    expect_converged();
    lost.daemon().kill();
    backup::restore({path("target"), path("c"), {}}).value();
    Site& restored = make_site();
    ASSERT_EQ(restored.directory(), path("c"));
    restored.start({other.address()});
    expect_converged({&other, &restored}, seconds(20));
    EXPECT_EQ(restored.size("s"), 2U);
    EXPECT_FALSE(restored.contains("s", "removed"));
}

}  // namespace
}  // namespace kigumi
