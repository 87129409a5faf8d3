#include "kigumi/clocks/hlc.hpp"

#include "support/clock_generators.hpp"

namespace kigumi {
namespace {

constexpr std::uint64_t kNow = 1'700'000'000'000;
constexpr std::uint64_t kHour = 3'600'000;
constexpr std::uint64_t kYear2100 = 4'102'444'800'000;

TEST(Hlc, HoldsMillisecondsAndACount) {
    const Hlc time{(kNow << 16) | 7};
    EXPECT_EQ(time.ms(), kNow);
    EXPECT_EQ(time.logical(), 7);
    EXPECT_EQ(Hlc::at_ms(kNow).ms(), kNow);
    EXPECT_EQ(Hlc::at_ms(kNow).logical(), 0);
    EXPECT_LT(time, Hlc::at_ms(kNow + 1));
}

TEST(Hlc, Reaches2100AndHoldsAtItsEnd) {
    EXPECT_EQ(Hlc::at_ms(kYear2100).ms(), kYear2100);
    EXPECT_EQ(Hlc::at_ms(Hlc::kMaxMs + 1).ms(), Hlc::kMaxMs);
    EXPECT_EQ(Hlc::at_ms(~std::uint64_t{0}).ms(), Hlc::kMaxMs);
}

TEST(HlcClock, FollowsTheWallClock) {
    HlcClock clock;
    EXPECT_EQ(clock.tick(kNow), Hlc::at_ms(kNow));
    EXPECT_EQ(clock.tick(kNow + 5), Hlc::at_ms(kNow + 5));
    EXPECT_EQ(clock.tick(kYear2100), Hlc::at_ms(kYear2100));
}

TEST(HlcClock, CountsWithinOneMillisecond) {
    HlcClock clock;
    clock.tick(kNow);
    EXPECT_EQ(clock.tick(kNow).bits, Hlc::at_ms(kNow).bits + 1);
    EXPECT_EQ(clock.tick(kNow).logical(), 2);
}

TEST(HlcClock, DoesNotGoBackWithTheWallClock) {
    HlcClock clock;
    const Hlc before = clock.tick(kNow);
    for (const std::uint64_t back : {std::uint64_t{1}, kHour, kNow})
        EXPECT_GT(clock.tick(kNow - back), before) << back;
    EXPECT_EQ(clock.last().ms(), kNow);
    EXPECT_EQ(clock.tick(kNow + 1), Hlc::at_ms(kNow + 1));
}

TEST(HlcClock, LogicalCountCarriesIntoMilliseconds) {
    HlcClock clock;
    Hlc last = clock.tick(kNow);
    for (int i = 0; i < 0x10000; ++i) {
        const Hlc next = clock.tick(kNow);
        ASSERT_GT(next, last);
        last = next;
    }
    EXPECT_EQ(last, Hlc::at_ms(kNow + 1));
}

TEST(HlcClock, FollowsARemoteWithinTheBound) {
    for (const std::uint64_t ahead : {std::uint64_t{0}, std::uint64_t{1}, HlcClock::kMaxDriftMs}) {
        HlcClock clock;
        const Hlc remote{Hlc::at_ms(kNow + ahead).bits | 0xFFFF};
        EXPECT_EQ(clock.observe(remote, kNow), 0U);
        EXPECT_GT(clock.tick(kNow), remote) << "a later write must look later, " << ahead;
    }
}

TEST(HlcClock, RemoteBeyondTheBoundIsFollowedUpToIt) {
    HlcClock clock;
    EXPECT_EQ(clock.observe(Hlc::at_ms(kNow + HlcClock::kMaxDriftMs + 1), kNow), 1U);
    EXPECT_EQ(clock.last().ms(), kNow + HlcClock::kMaxDriftMs);
    EXPECT_EQ(clock.observe(Hlc::at_ms(kNow + kHour), kNow), kHour - HlcClock::kMaxDriftMs);
    EXPECT_EQ(clock.last().ms(), kNow + HlcClock::kMaxDriftMs);
    EXPECT_EQ(clock.observe(Hlc::at_ms(kYear2100), kNow), kYear2100 - kNow - HlcClock::kMaxDriftMs);
    EXPECT_EQ(clock.last().ms(), kNow + HlcClock::kMaxDriftMs);
}

TEST(HlcClock, RemoteInThePastChangesNothing) {
    HlcClock clock;
    const Hlc before = clock.tick(kNow);
    EXPECT_EQ(clock.observe(Hlc::at_ms(kNow - HlcClock::kMaxDriftMs), kNow), 0U);
    EXPECT_EQ(clock.observe(Hlc::at_ms(kNow - kHour), kNow), 0U);
    EXPECT_EQ(clock.observe(Hlc{}, kNow), 0U);
    EXPECT_EQ(clock.last(), before);
}

TEST(HlcClock, ContinuesAfterWhatWasStored) {
    HlcClock clock(Hlc::at_ms(kNow + kHour));
    EXPECT_GT(clock.tick(kNow), Hlc::at_ms(kNow + kHour));
}

struct Step {
    std::uint64_t wall_ms;
    std::uint64_t remote_ms;
    bool observes;
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
    return out << "wall " << step.wall_ms << (step.observes ? " sees " : " not ") << step.remote_ms;
}

rc::Gen<Step> any_step() {
    const auto any_ms = rc::gen::inRange<std::uint64_t>(0, 2 * kYear2100);
    const auto near_ms = rc::gen::inRange(kNow - 2 * kHour, kNow + 2 * kHour);
    const auto ms = rc::gen::oneOf(any_ms, near_ms);
    return rc::gen::construct<Step>(ms, ms, rc::gen::arbitrary<bool>());
}

RC_GTEST_PROP(HlcClockLaws, MonotoneAndBoundedUnderAnyClock, ()) {
    HlcClock clock;
    std::uint64_t highest_wall = 0;
    for (const Step& step : *rc::gen::container<std::vector<Step>>(any_step())) {
        highest_wall = std::max(highest_wall, step.wall_ms);
        const Hlc before = clock.last();
        if (step.observes) {
            const std::uint64_t excess = clock.observe(Hlc::at_ms(step.remote_ms), step.wall_ms);
            const std::uint64_t bound = step.wall_ms + HlcClock::kMaxDriftMs;
            RC_ASSERT(excess == (step.remote_ms > bound ? step.remote_ms - bound : 0));
            RC_ASSERT(clock.last() >= before);
        } else {
            RC_ASSERT(clock.tick(step.wall_ms) > before);
            RC_ASSERT(clock.last() >= Hlc::at_ms(step.wall_ms));
        }
        // The +1 is the carry of logical counts.
        RC_ASSERT(clock.last().ms() <= highest_wall + HlcClock::kMaxDriftMs + 1);
    }
}

}  // namespace
}  // namespace kigumi
