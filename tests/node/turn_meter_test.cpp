#include "turn_meter.hpp"

#include <gtest/gtest.h>

namespace kigumi {
namespace {

TEST(TurnMeter, ThePresentTurnCounts) {
    TurnMeter meter(1'000);
    EXPECT_EQ(meter.idle_ms(1'300), 300U);
    EXPECT_EQ(meter.longest_ms(1'300), 300U);
    EXPECT_EQ(meter.longest_of_minute_ms(1'300), 300U);
    meter.turned(1'500);
    EXPECT_EQ(meter.idle_ms(1'510), 10U);
    EXPECT_EQ(meter.longest_ms(1'510), 500U);
}

TEST(TurnMeter, ALongTurnLeavesTheLastMinuteAndNotTheWhole) {
    TurnMeter meter(1'000);
    meter.turned(25'000);
    for (std::uint64_t now_ms = 25'020; now_ms <= 200'000; now_ms += 20) {
        meter.turned(now_ms);
        if (now_ms < 70'000) {
            EXPECT_EQ(meter.longest_of_minute_ms(now_ms), 24'000U) << now_ms;
        }
        if (now_ms >= 85'000) {
            EXPECT_EQ(meter.longest_of_minute_ms(now_ms), 20U) << now_ms;
        }
    }
    EXPECT_EQ(meter.longest_ms(200'000), 24'000U);
}

TEST(TurnMeter, AnOldSlotIsNotTakenForANewOne) {
    TurnMeter meter(0);
    meter.turned(5'000);
    EXPECT_EQ(meter.longest_of_minute_ms(5'001), 5'000U);
    // A standstill of more than all slots.
    meter.turned(200'000);
    meter.turned(200'020);
    EXPECT_EQ(meter.longest_of_minute_ms(200'030), 195'000U);
    meter.turned(265'000);
    meter.turned(265'020);
    EXPECT_EQ(meter.longest_of_minute_ms(265'030), 64'980U);
}

TEST(TurnMeter, AClockThatSeemsToGoBackIsNoTurn) {
    TurnMeter meter(1'000);
    EXPECT_EQ(meter.idle_ms(999), 0U);
    EXPECT_EQ(meter.longest_ms(999), 0U);
}

}  // namespace
}  // namespace kigumi
