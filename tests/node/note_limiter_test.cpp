#include "note_limiter.hpp"

#include <gtest/gtest.h>

namespace kigumi {
namespace {

using Level = Effects::Note::Level;

class NoteLimiterTest : public testing::Test {
  protected:
    /// How many of so many notes pass.
    std::size_t pass(std::size_t count, const std::string& key, const std::string& event,
                     Level level = Level::kInfo) {
        std::size_t passed = 0;
        for (std::size_t i = 0; i < count; ++i) {
            Effects::Note note{level, event, "detail=1"};
            passed += limiter_.admits(note, key, now_ms_) ? 1 : 0;
        }
        return passed;
    }
    std::uint64_t now_ms_ = 1'000'000;
    NoteLimiter limiter_;
};

TEST_F(NoteLimiterTest, LimitsOneEventOfOneKey) {
    const std::size_t burst = pass(1'000, "K", "peer.up");
    EXPECT_GE(burst, 5U);
    EXPECT_LE(burst, 50U);
    EXPECT_EQ(pass(10, "K", "peer.up"), 0U);
    EXPECT_EQ(pass(1, "K", "peer.down"), 1U) << "another event of the key has its own";
    EXPECT_EQ(pass(1, "L", "peer.up"), 1U) << "and so has another key";
    now_ms_ += 60'000;
    const std::size_t later = pass(1'000, "K", "peer.up");
    EXPECT_GE(later, 1U);
    EXPECT_LE(later, burst);
}

TEST_F(NoteLimiterTest, LimitsAllEventsOfOneKeyTogether) {
    std::size_t passed = 0;
    for (int i = 0; i < 100; ++i) passed += pass(10, "K", "event" + std::to_string(i));
    EXPECT_LE(passed, 100U);
    EXPECT_EQ(pass(1, "L", "peer.up"), 1U);
}

TEST_F(NoteLimiterTest, TellsWhatItLeftOut) {
    limiter_.left_out(now_ms_);
    const std::size_t passed = pass(100, "K", "peer.up");
    EXPECT_TRUE(limiter_.left_out(now_ms_).empty()) << "not each time";
    now_ms_ += 60'000;
    const auto told = limiter_.left_out(now_ms_);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].event, "log.left_out");
    EXPECT_EQ(told[0].level, Level::kInfo);
    EXPECT_EQ(told[0].detail, "key=K count=" + std::to_string(100 - passed) + " events=peer.up");
    now_ms_ += 60'000;
    EXPECT_TRUE(limiter_.left_out(now_ms_).empty());
}

TEST_F(NoteLimiterTest, WhatIsLeftOutOfWarningsIsAWarning) {
    limiter_.left_out(now_ms_);
    pass(100, "K", "peer.refused", Level::kWarning);
    pass(100, "K", "peer.up");
    now_ms_ += 60'000;
    const auto told = limiter_.left_out(now_ms_);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].level, Level::kWarning);
}

TEST_F(NoteLimiterTest, DebugNotesPass) {
    EXPECT_EQ(pass(10'000, "K", "pull.done", Level::kDebug), 10'000U);
}

TEST_F(NoteLimiterTest, WhatNoPeerHasCausedHasMoreRoom) {
    EXPECT_GE(pass(1'000, "", "member.alive"), 100U);
    EXPECT_LT(pass(10'000, "", "member.alive"), 10'000U);
}

TEST_F(NoteLimiterTest, ADetailIsCutOff) {
    Effects::Note note{Level::kInfo, "peer.refused", std::string(1 << 20, 'x')};
    EXPECT_TRUE(limiter_.admits(note, "K", now_ms_));
    EXPECT_LE(note.detail.size(), 2'000U);
}

}  // namespace
}  // namespace kigumi
