#include <gtest/gtest.h>

#include <fstream>
#include <mutex>

#include "kigumi/daemon/backup_tiers.hpp"
#include "records.hpp"
#include "support/process.hpp"
#include "support/temp_directory.hpp"

namespace kigumi::backup {
namespace {

using std::chrono::seconds;

class BackupTiers : public testing::Test {
  protected:
    BackupTiers() : store_(Store::open(directory_.path() / "node").value()) {}

    std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }
    Tier tier(const std::string& name, std::uint64_t every_ms) const {
        return {path(name), every_ms, 0, {}};
    }
    std::unique_ptr<Tiers> start(std::vector<Tier> tiers) {
        return Tiers::start(*store_, std::move(tiers),
                            [this](const Effects::Note& note) {
                                const std::lock_guard lock(mutex_);
                                notes_.push_back(note.event + " " + note.detail);
                            })
            .value();
    }
    BackupRecord record(const std::string& name) {
        return record_at(*store_, path(name)).value().value_or(BackupRecord());
    }
    bool noted(const std::string& text) {
        const std::lock_guard lock(mutex_);
        return std::any_of(notes_.begin(), notes_.end(), [&text](const std::string& note) {
            return note.find(text) != std::string::npos;
        });
    }
    std::size_t backups(const std::string& name) {
        const auto manifest = read_manifest(path(name));
        return manifest ? manifest->entries.size() : 0;
    }

    TempDirectory directory_;
    std::unique_ptr<Store> store_;
    std::mutex mutex_;
    std::vector<std::string> notes_;
};

TEST_F(BackupTiers, MakeBackupsOnSchedule) {
    const auto tiers = start({tier("often", 100), tier("once", 3'600'000)});
    EXPECT_TRUE(eventually(seconds(20), [&] { return backups("often") >= 3; }));
    EXPECT_TRUE(eventually(seconds(20), [&] { return record("once").next_ms != 0; }));
    EXPECT_EQ(backups("once"), 1U);
    EXPECT_GT(record("once").next_ms, store_->wall_ms() + 3'500'000);
    EXPECT_TRUE(noted("backup.done target=\"" + path("once").string() + "\" number=1 full"));
    EXPECT_TRUE(tiers->stop(10'000));
    const std::size_t made = backups("often");
    sleep_for_ms(300);
    EXPECT_EQ(backups("often"), made);
}

TEST_F(BackupTiers, OneThatFailsDoesNotHoldUpTheOthersAndComesBack) {
    // Permissions stop nobody who is root; a file in the way does.
    std::ofstream(path("disk")) << "in the way";
    const auto tiers = start({tier("disk/target", 1'500), tier("good", 100)});
    EXPECT_TRUE(eventually(seconds(20), [&] { return !record("disk/target").error.empty(); }));
    const std::size_t before = backups("good");
    EXPECT_TRUE(eventually(seconds(20), [&] { return backups("good") >= before + 2; }));
    EXPECT_TRUE(noted("backup.failed target=\"" + path("disk/target").string()));
    EXPECT_TRUE(eventually(seconds(20), [&] { return record("disk/target").next_ms != 0; }));
    std::filesystem::remove(path("disk"));
    std::filesystem::create_directory(path("disk"));
    EXPECT_TRUE(eventually(seconds(20), [&] { return backups("disk/target") >= 1; }));
    EXPECT_TRUE(eventually(seconds(20), [&] { return record("disk/target").success_ms != 0; }));
    EXPECT_FALSE(record("disk/target").failing());
    EXPECT_GT(record("disk/target").error_ms, 0U) << "when it failed is still known";
}

TEST_F(BackupTiers, GoOnWithTheScheduleOfAnEarlierRun) {
    {
        const auto first = start({tier("target", 3'600'000)});
        ASSERT_TRUE(eventually(seconds(20), [&] { return record("target").next_ms != 0; }));
    }
    const auto again = start({tier("target", 3'600'000)});
    sleep_for_ms(500);
    EXPECT_EQ(backups("target"), 1U);
}

TEST_F(BackupTiers, ShareNoTarget) {
    const auto refused =
        Tiers::start(*store_, {tier("target", 1'000), tier("./x/../target/", 1'000)});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace kigumi::backup
