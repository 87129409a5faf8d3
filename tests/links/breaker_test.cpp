#include "protocol/breaker.hpp"

#include <gtest/gtest.h>

namespace kigumi {
namespace {

constexpr Breaker::Limits kLimits{0.5, 0.2, 1'000, 10'000};
constexpr std::uint64_t kNoJitter = 250;  // of a second: the pause is just that

class BreakerOfALink : public testing::Test {
  protected:
    void fail(std::uint64_t at_ms) { breaker_.failed(at_ms, kNoJitter); }
    void open() {
        for (int i = 0; i < 4; ++i) fail(0);
        ASSERT_EQ(breaker_.status().state, BreakerState::kOpen);
    }

    Breaker breaker_{kLimits};
};

TEST_F(BreakerOfALink, OpensWhenHalfFails) {
    for (int i = 0; i < 3; ++i) {
        fail(0);
        EXPECT_TRUE(breaker_.closed());
        EXPECT_EQ(breaker_.not_before_ms(), 0U);
    }
    fail(0);
    EXPECT_FALSE(breaker_.closed());
    EXPECT_EQ(breaker_.not_before_ms(), 1'000U);
    EXPECT_EQ(breaker_.status().opened, 1U);
}

TEST_F(BreakerOfALink, ClosesAfterThePauseIfThereIsNothingToAsk) {
    open();
    EXPECT_FALSE(breaker_.rest(999));
    EXPECT_FALSE(breaker_.closed());
    EXPECT_TRUE(breaker_.rest(1'000));
    EXPECT_TRUE(breaker_.closed());
    fail(2'000);
    EXPECT_FALSE(breaker_.closed()) << "the next failure decides";
    breaker_.asked();
    EXPECT_FALSE(breaker_.rest(100'000)) << "an answer is on its way";
}

TEST_F(BreakerOfALink, BearsALinkThatFailsNowAndThen) {
    for (int i = 0; i < 1'000; ++i) {
        if (i % 10 == 0)
            fail(0);
        else
            breaker_.succeeded();
    }
    EXPECT_TRUE(breaker_.closed());
    EXPECT_LT(breaker_.status().error_rate, 0.3);
}

TEST_F(BreakerOfALink, LetsOneProbeThroughWhenHalfOpen) {
    open();
    breaker_.asked();
    EXPECT_EQ(breaker_.status().state, BreakerState::kHalfOpen);
    EXPECT_EQ(breaker_.not_before_ms(), ~std::uint64_t{0});
    breaker_.succeeded();
    EXPECT_TRUE(breaker_.closed());
    EXPECT_EQ(breaker_.status().error_rate, 0);
}

TEST_F(BreakerOfALink, OpensForLongerEachTimeThatTheProbeFails) {
    open();
    std::uint64_t at_ms = 1'000;
    std::uint64_t longest = 0;
    for (int i = 0; i < 10; ++i) {
        breaker_.asked();
        fail(at_ms);
        const std::uint64_t pause = breaker_.not_before_ms() - at_ms;
        EXPECT_GE(pause + 3'000, longest);
        longest = std::max(longest, pause);
        at_ms = breaker_.not_before_ms();
    }
    EXPECT_GT(longest, 5'000U);
    EXPECT_LE(longest, 12'500U);
    EXPECT_EQ(breaker_.status().opened, 1U);
}

TEST_F(BreakerOfALink, StaysOpenWhenAProbeEndsForAnotherReason) {
    open();
    breaker_.asked();
    breaker_.undecided();
    EXPECT_EQ(breaker_.status().state, BreakerState::kOpen);
    EXPECT_EQ(breaker_.not_before_ms(), 1'000U) << "another probe may go at once";
}

TEST_F(BreakerOfALink, LearnsNothingFromWhatWasAskedBeforeItOpened) {
    open();
    fail(900);
    EXPECT_EQ(breaker_.not_before_ms(), 1'000U);
    breaker_.succeeded();
    EXPECT_TRUE(breaker_.closed()) << "but an answer is an answer";
}

TEST(RetryPause, DoublesUpToItsMaximumWithJitterAndStartsOver) {
    Backoff backoff(100, 5'000);
    std::uint64_t expected = 100;
    for (int i = 0; i < 40; ++i) {
        const std::uint64_t pause = backoff.next_ms(static_cast<std::uint64_t>(i) * 7'919);
        EXPECT_GE(pause, expected - expected / 4);
        EXPECT_LE(pause, expected + expected / 4);
        expected = std::min<std::uint64_t>(2 * expected, 5'000);
    }
    backoff.reset();
    EXPECT_LE(backoff.next_ms(0), 125U);
}

}  // namespace
}  // namespace kigumi
