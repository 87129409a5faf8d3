#include <gtest/gtest.h>

#include "http/observations.hpp"

namespace kigumi::http {
namespace {

Observation ready() {
    Observation now = full_observation();
    now.replication->links[1].breaker.state = BreakerState::kClosed;
    return now;
}

TEST(Readiness, NeedsNoPeersOnceThereIsData) {
    EXPECT_TRUE(why_not_ready(ready()).empty());
    Observation alone = ready();
    alone.replication->links.clear();
    EXPECT_TRUE(why_not_ready(alone).empty());
}

TEST(Readiness, OfANewNodeNeedsAPeerIfOneIsNamed) {
    Observation fresh = ready();
    fresh.replication->buckets.clear();
    fresh.replication->buckets.push_back({});
    fresh.replication->buckets[0].name = "kigumi.members";
    fresh.replication->buckets[0].version.raise(fresh.replication->replica, 1);
    EXPECT_TRUE(why_not_ready(fresh).empty());
    fresh.replication->links.clear();
    EXPECT_EQ(why_not_ready(fresh).size(), 1U);
    fresh.has_peers = false;
    EXPECT_TRUE(why_not_ready(fresh).empty());
}

TEST(Readiness, EndsWithTheDiskTheLoopThePeersAndTheDaemon) {
    Observation full = ready();
    full.refusal = "writes are refused";
    EXPECT_EQ(why_not_ready(full), std::vector<std::string>{"writes are refused"});
    Observation stuck = ready();
    stuck.loop_stuck = true;
    EXPECT_EQ(why_not_ready(stuck).size(), 1U);
    EXPECT_FALSE(why_unhealthy(stuck).empty());
    Observation ending = ready();
    ending.draining = true;
    EXPECT_EQ(why_not_ready(ending).size(), 1U);
    EXPECT_TRUE(why_unhealthy(ending).empty());
    Observation unknown = ready();
    unknown.problems = {"cannot read"};
    EXPECT_EQ(why_not_ready(unknown).size(), 1U);
    Observation broken = ready();
    for (LinkStatus& link : broken.replication->links) link.breaker.state = BreakerState::kOpen;
    EXPECT_EQ(why_not_ready(broken).size(), 1U);
}

}  // namespace
}  // namespace kigumi::http
