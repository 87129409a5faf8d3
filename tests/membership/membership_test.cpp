#include "kigumi/daemon/membership.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "membership/trials.hpp"

namespace kigumi {
namespace {

using membership::Liveness;
using sim::Stall;
using sim::Swarm;
using sim::SwarmOptions;

constexpr std::uint64_t kSeeds = 30;

SwarmOptions swarm_of(std::size_t nodes, std::uint64_t seed = 1) {
    SwarmOptions options;
    options.nodes = nodes;
    options.seed = seed;
    return options;
}

bool ever(const Swarm& swarm, std::size_t subject, Liveness liveness) {
    const auto& events = swarm.events();
    return std::any_of(events.begin(), events.end(), [&](const Swarm::Event& event) {
        return event.subject == subject && event.liveness == liveness;
    });
}

TEST(Membership, AnyOneSeedSuffices) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        Swarm swarm(swarm_of(12, seed));
        sim::Random random(seed);
        swarm.start(0, 0);
        for (std::size_t i = 1; i < 12; ++i) swarm.start(i, random.below(i));
        EXPECT_TRUE(swarm.run_while_not(10'000, [&] { return swarm.all_alive(); }))
            << "seed " << seed;
    }
}

TEST(Membership, ASeedMayStartLater) {
    Swarm swarm(swarm_of(3));
    swarm.start(1, 0);
    swarm.start(2, 0);
    swarm.run(20'000);
    EXPECT_EQ(swarm.opinion(1, 2), std::nullopt);
    swarm.start(0, 0);
    EXPECT_TRUE(swarm.run_while_not(5'000, [&] { return swarm.all_alive(); }));
}

TEST(Membership, ASeedThatDiesDoesNotMatter) {
    Swarm swarm(swarm_of(4));
    for (const std::size_t node : {0U, 1U, 2U}) swarm.start(node, 0);
    ASSERT_TRUE(swarm.run_while_not(5'000, [&] { return swarm.all_alive(); }));
    swarm.kill(0);
    EXPECT_TRUE(swarm.run_while_not(5'000, [&] { return swarm.agreed(0, Liveness::kDown); }));
    swarm.start(3, 1);
    EXPECT_TRUE(swarm.run_while_not(5'000, [&] { return swarm.all_alive(); }));
    EXPECT_EQ(swarm.opinion(2, 3), Liveness::kAlive);
}

TEST(Membership, FindsTheDeadWithinThreeSeconds) {
    const auto times = sim::detection_times(3, 0, 200);
    EXPECT_LE(times[times.size() * 99 / 100], 3'000U);
    const auto lossy = sim::detection_times(3, 5, 100);
    EXPECT_LE(lossy[lossy.size() * 95 / 100], 3'000U);
}

TEST(Membership, WhoStartsAgainIsAliveAgain) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        Swarm swarm(swarm_of(3, seed));
        ASSERT_TRUE(swarm.start_all());
        swarm.kill(2);
        ASSERT_TRUE(swarm.run_while_not(10'000, [&] { return swarm.agreed(2, Liveness::kDown); }));
        swarm.start(2, 0);
        EXPECT_TRUE(swarm.run_while_not(3'000, [&] { return swarm.all_alive(); }))
            << "seed " << seed;
    }
}

TEST(Membership, AClockThatWentBackDoesNotKeepANodeDown) {
    Swarm swarm(swarm_of(3));
    ASSERT_TRUE(swarm.start_all());
    swarm.kill(2);
    ASSERT_TRUE(swarm.run_while_not(10'000, [&] { return swarm.agreed(2, Liveness::kDown); }));
    swarm.start(2, 0, 1);
    EXPECT_TRUE(swarm.run_while_not(5'000, [&] { return swarm.all_alive(); }));
    EXPECT_GT(swarm.node(2).self().incarnation, 1U);
}

TEST(Membership, LeavingIsNoFailure) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        Swarm swarm(swarm_of(8, seed));
        ASSERT_TRUE(swarm.start_all());
        swarm.leave(5);
        EXPECT_TRUE(swarm.run_while_not(5'000, [&] { return swarm.agreed(5, Liveness::kLeft); }))
            << "seed " << seed;
        swarm.run(60'000);
        EXPECT_TRUE(swarm.agreed(5, Liveness::kLeft));
        EXPECT_FALSE(ever(swarm, 5, Liveness::kDown)) << "seed " << seed;
        swarm.start(5, 0);
        EXPECT_TRUE(swarm.run_while_not(5'000, [&] { return swarm.all_alive(); }));
    }
}

TEST(Membership, PartitionsHealByThemselves) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        Swarm swarm(swarm_of(8, seed));
        ASSERT_TRUE(swarm.start_all());
        sim::Random random(seed);
        std::vector<unsigned> groups(8);
        for (auto& group : groups) group = static_cast<unsigned>(random.below(3));
        groups[1] = 0;
        groups[2] = 1;
        swarm.divide(groups);
        swarm.run(120'000);
        EXPECT_EQ(swarm.opinion(1, 2), Liveness::kDown) << "seed " << seed;
        EXPECT_EQ(swarm.opinion(2, 1), Liveness::kDown) << "seed " << seed;
        swarm.heal();
        EXPECT_TRUE(swarm.run_while_not(60'000, [&] { return swarm.all_alive(); }))
            << "seed " << seed;
    }
}

TEST(Membership, AShortStallIsNoFailure) {
    for (std::uint64_t seed = 1; seed <= 4 * kSeeds; ++seed) {
        Swarm swarm(swarm_of(3, seed));
        ASSERT_TRUE(swarm.start_all());
        sim::Random random(seed);
        swarm.run(random.below(2'000));
        swarm.stall(1, swarm.now_ms() + 1'000, Stall::kFrozen);
        swarm.run(20'000);
        for (std::size_t subject = 0; subject < 3; ++subject)
            EXPECT_FALSE(ever(swarm, subject, Liveness::kDown)) << "seed " << seed;
        EXPECT_TRUE(swarm.all_alive()) << "seed " << seed;
    }
}

TEST(Membership, WhoWasStalledForLongComesBackAndAccusesNobody) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        Swarm swarm(swarm_of(5, seed));
        ASSERT_TRUE(swarm.start_all());
        swarm.stall(4, swarm.now_ms() + 30'000, Stall::kFrozen);
        swarm.run(20'000);
        EXPECT_TRUE(swarm.agreed(4, Liveness::kDown)) << "seed " << seed;
        EXPECT_TRUE(swarm.run_while_not(20'000, [&] { return swarm.all_alive(); }))
            << "seed " << seed;
        for (std::size_t subject = 0; subject < 4; ++subject)
            EXPECT_FALSE(ever(swarm, subject, Liveness::kDown)) << "seed " << seed;
    }
}

TEST(Membership, AnyTrafficIsLife) {
    Swarm swarm(swarm_of(3));
    ASSERT_TRUE(swarm.start_all());
    // Nothing of the failure detector gets through to node 2, but replication does.
    swarm.divide({0, 0, 1});
    for (int i = 0; i < 300; ++i) {
        swarm.run(100);
        swarm.hear(0, 2);
        swarm.hear(1, 2);
    }
    EXPECT_FALSE(ever(swarm, 2, Liveness::kDown));
    swarm.run(10'000);
    EXPECT_TRUE(swarm.agreed(2, Liveness::kDown));
}

TEST(Membership, ViewsAgreeAfterLossAndChurn) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        SwarmOptions options = swarm_of(10, seed);
        options.loss_percent = 10;
        Swarm swarm(options);
        ASSERT_TRUE(swarm.start_all());
        sim::Random random(seed);
        std::vector<bool> runs(10, true);
        for (int step = 0; step < 20; ++step) {
            const std::size_t node = 1 + random.below(9);
            runs[node] ? swarm.kill(node) : swarm.start(node, 0);
            runs[node] = !runs[node];
            swarm.run(random.below(4'000));
        }
        // Who started after a death need not have heard of it.
        const auto settled = [&](std::size_t node) {
            if (runs[node]) return swarm.agreed(node, Liveness::kAlive);
            for (std::size_t observer = 0; observer < 10; ++observer)
                if (runs[observer] &&
                    swarm.opinion(observer, node).value_or(Liveness::kDown) != Liveness::kDown)
                    return false;
            return true;
        };
        const bool agreed = swarm.run_while_not(120'000, [&] {
            for (std::size_t node = 0; node < 10; ++node)
                if (!settled(node)) return false;
            return true;
        });
        EXPECT_TRUE(agreed) << "seed " << seed;
    }
}

TEST(Membership, StalledNodesAccuseFiftyTimesLessThanInPlainSwim) {
    sim::FalsePositives plain;
    sim::FalsePositives guarded;
    for (const std::uint64_t stall_ms : {8'000U, 16'000U}) {
        const sim::StallSetting setting{32, 4, stall_ms, 16, Stall::kDeaf};
        plain += sim::false_positives(setting, 1, false);
        guarded += sim::false_positives(setting, 1, true);
    }
    EXPECT_GT(plain.anywhere, 1'000U);
    EXPECT_GE(plain.anywhere, 50 * guarded.anywhere);
    EXPECT_GE(plain.at_healthy, 50 * guarded.at_healthy);
}

}  // namespace
}  // namespace kigumi
