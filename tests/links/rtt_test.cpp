#include "protocol/rtt.hpp"

#include <gtest/gtest.h>

namespace kigumi {
namespace {

constexpr RoundTrip::Limits kLimits{2'000, 100, 10'000};

TEST(RoundTripTime, IsWaitedForAsLongAsToldBeforeItIsKnown) {
    EXPECT_EQ(RoundTrip(kLimits).timeout_ms(), 2'000U);
    EXPECT_EQ(RoundTrip(kLimits).status().samples, 0U);
}

TEST(RoundTripTime, OfTheFirstAnswerGivesThreeTimesItself) {
    RoundTrip link(kLimits);
    link.sample(200);
    EXPECT_EQ(link.timeout_ms(), 600U);
    EXPECT_DOUBLE_EQ(link.status().mean_ms, 200);
    EXPECT_DOUBLE_EQ(link.status().deviation_ms, 100);
}

TEST(RoundTripTime, ThatIsSteadyIsWaitedForLittleLonger) {
    RoundTrip link(kLimits);
    for (int i = 0; i < 100; ++i) link.sample(300);
    EXPECT_GE(link.timeout_ms(), 300U);
    EXPECT_LE(link.timeout_ms(), 310U);
}

TEST(RoundTripTime, ThatVariesIsWaitedForLonger) {
    RoundTrip link(kLimits);
    for (int i = 0; i < 100; ++i) link.sample(i % 2 == 0 ? 100 : 500);
    EXPECT_GT(link.timeout_ms(), 900U);
}

TEST(RoundTripTime, FollowsALinkThatBecomesSlower) {
    RoundTrip link(kLimits);
    for (int i = 0; i < 20; ++i) link.sample(10);
    for (int i = 0; i < 20; ++i) link.sample(1'000);
    EXPECT_GT(link.timeout_ms(), 1'000U);
}

TEST(RoundTripTime, DoublesWithEachTimeOutUntilThereIsAnAnswer) {
    RoundTrip link(kLimits);
    link.sample(100);
    link.timed_out();
    EXPECT_EQ(link.timeout_ms(), 600U);
    link.timed_out();
    EXPECT_EQ(link.timeout_ms(), 1'200U);
    link.sample(100);
    EXPECT_LT(link.timeout_ms(), 600U);
}

TEST(RoundTripTime, StaysWithinItsBounds) {
    RoundTrip fast(kLimits);
    for (int i = 0; i < 50; ++i) fast.sample(0);
    EXPECT_EQ(fast.timeout_ms(), 100U);
    RoundTrip dead(kLimits);
    for (int i = 0; i < 1'000; ++i) dead.timed_out();
    EXPECT_EQ(dead.timeout_ms(), 10'000U);
    dead.sample(1'000'000);
    EXPECT_EQ(dead.timeout_ms(), 10'000U);
}

}  // namespace
}  // namespace kigumi
