#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "kigumi/daemon/backup_schedule.hpp"
#include "kigumi/daemon/backup_tiers.hpp"

namespace kigumi::backup {
namespace {

constexpr std::uint64_t kMinute = 60'000;

/// A number that leaves a delay as it is: the jitter is its quarter.
std::function<std::uint64_t()> without_jitter(const std::uint64_t& quarter) {
    return [&quarter] { return quarter; };
}

TEST(Schedule, BeginsWhereTheLastRunLeftOff) {
    const std::uint64_t quarter = 0;
    Schedule schedule(15 * kMinute, without_jitter(quarter));
    schedule.start(1'000'000, 5 * kMinute);
    EXPECT_EQ(schedule.due_ms(), 1'000'000 + 10 * kMinute);
    schedule.start(1'000'000, 20 * kMinute);
    EXPECT_EQ(schedule.due_ms(), 1'000'000U);
}

TEST(Schedule, CountsFromTheBeginningOfABackup) {
    const std::uint64_t quarter = 0;
    Schedule schedule(15 * kMinute, without_jitter(quarter));
    schedule.succeeded(70'000);
    EXPECT_EQ(schedule.due_ms(), 70'000 + 15 * kMinute);
}

TEST(Schedule, TriesAgainEverLaterButNotLaterThanTheInterval) {
    std::uint64_t quarter = 0;
    Schedule schedule(kMinute, without_jitter(quarter));
    for (const std::uint64_t delay : {1'000, 2'000, 4'000, 8'000, 16'000, 32'000, 60'000, 60'000}) {
        quarter = delay / 4;
        schedule.failed(500);
        EXPECT_EQ(schedule.due_ms(), 500 + delay);
    }
    schedule.succeeded(0);
    quarter = 250;
    schedule.failed(500);
    EXPECT_EQ(schedule.due_ms(), 1'500U) << "a success starts the delays over";
}

RC_GTEST_PROP(ScheduleLaws, RetriesAreBoundedAndSpread, ()) {
    const auto interval_ms = *rc::gen::inRange<std::uint64_t>(1, 100'000);
    Schedule schedule(interval_ms, [] { return *rc::gen::arbitrary<std::uint64_t>(); });
    std::uint64_t now_ms = *rc::gen::inRange<std::uint64_t>(0, 1'000'000);
    std::uint64_t expected_ms = Schedule::kFirstRetryMs;
    for (int i = 0; i < 12; ++i) {
        schedule.failed(now_ms);
        const std::uint64_t delay_ms = schedule.due_ms() - now_ms;
        RC_ASSERT(delay_ms <= interval_ms);
        RC_ASSERT(delay_ms >= std::min(interval_ms, expected_ms - expected_ms / 4));
        RC_ASSERT(delay_ms <= expected_ms + expected_ms / 4);
        expected_ms = std::min(expected_ms * 2, interval_ms);
        now_ms = schedule.due_ms();
    }
}

TEST(TierText, NamesADirectoryAndWhatIsNotAsUsual) {
    EXPECT_EQ(parse_tier("/mnt/usb").value(), (Tier{"/mnt/usb", 3'600'000, 0, {}}));
    Tier tier{"b", 900'000, 604'800'000, {}};
    tier.retention = {10, 30 * std::uint64_t{86'400'000}};
    EXPECT_EQ(parse_tier("b,every=15m,keep=10,keep-days=30,full-every=7d").value(), tier);
}

TEST(TierText, RefusesWhatItDoesNotKnow) {
    for (const char* text : {"", ",every=1h", "b,", "b,every", "b,every=", "b,every=5",
                             "b,every=10ms", "b,keep=0", "b,keep=-1", "b,keep=x", "b,keep-days=1.5",
                             "b,keep-days=9999999", "b,often=1h", "b,full-every=soon"})
        EXPECT_FALSE(parse_tier(text)) << text;
    EXPECT_NE(parse_tier("b,often=1h").error().message.find("'often'"), std::string::npos);
}

}  // namespace
}  // namespace kigumi::backup
