#include "kigumi/replication/status.hpp"

#include <gtest/gtest.h>

#include "replicator_network.hpp"

namespace kigumi {
namespace {

class RunningReplicator : public testing::Test {
  protected:
    void SetUp() override {
        network_.add();
        network_.add();
        network_.connect(0, 1, 10);
        ASSERT_TRUE(network_.run_until(
            [this] { return network_.link(0, 1).up && network_.link(1, 0).up; }, 1'000));
    }
    const BucketStatus* bucket() {
        status_ = network_.replicator(0).status();
        for (const BucketStatus& bucket : status_.buckets)
            if (bucket.name == kDefaultBucket) return &bucket;
        return nullptr;
    }

    ReplicatorNetwork network_;
    ReplicatorStatus status_;
};

TEST_F(RunningReplicator, TellsOfItsLinks) {
    const LinkStatus link = network_.link(0, 1);
    EXPECT_TRUE(link.up);
    EXPECT_TRUE(link.dialled);
    EXPECT_EQ(link.address, "node 1");
    EXPECT_EQ(link.replica, network_.store(1).replica().value());
    EXPECT_GT(link.traffic.messages_in, 0U);
    EXPECT_GT(link.traffic.bytes_out, 0U);
    EXPECT_EQ(link.breaker.state, BreakerState::kClosed);
    EXPECT_GT(link.credit_bytes, 0U);
    EXPECT_FALSE(network_.link(1, 0).dialled);
}

TEST_F(RunningReplicator, TellsHowFarEachPeerIsBehind) {
    network_.write(0, "a", "x");
    network_.run_for(1'000);
    ASSERT_NE(bucket(), nullptr);
    ASSERT_EQ(bucket()->peers.size(), 1U);
    EXPECT_EQ(bucket()->peers[0].lag.events, 0U);
    EXPECT_GT(status_.counters.pushes_sent, 0U);

    network_.stop(1);
    network_.write(0, "a", "y");
    EXPECT_GT(network_.link(0, 1).in_flight_bytes, 0U);
    network_.run_for(700);
    ASSERT_NE(bucket(), nullptr);
    EXPECT_EQ(bucket()->peers[0].lag.events, 1U);
    EXPECT_EQ(bucket()->peers[0].lag.age_ms(status_.wall_ms), 700U);

    network_.stop(1, false);
    ASSERT_TRUE(network_.run_until([this] { return bucket()->peers[0].lag.events == 0; }, 20'000));
    EXPECT_EQ(network_.version(0), network_.version(1));
}

TEST_F(RunningReplicator, TellsOfClocksTooFarAheadToFollow) {
    EXPECT_EQ(network_.store(1).clock_skew().writes, 0U);
    {
        auto tx = network_.store(1).write().value();
        VersionVector theirs;
        Row row;
        row.insert({theirs.increment(ReplicaId()), Hlc::at_ms(network_.now_ms() + 3'500), {}});
        tx.join_row({{"k", Type::kRegister, {}}, row}, theirs).value();
        tx.advance(theirs, {});
        tx.commit().value();
    }
    const ClockSkew skew = network_.replicator(1).status().clock_skew;
    EXPECT_EQ(skew.writes, 1U);
    EXPECT_EQ(skew.largest_ms, 3'000U);
}

TEST_F(RunningReplicator, CountsWhomItRefuses) {
    network_.inject(0, 1, "no message");
    network_.run_for(10);
    EXPECT_EQ(network_.replicator(1).status().counters.refused_peers, 1U);
    EXPECT_TRUE(network_.closed(1, 0));
}

}  // namespace
}  // namespace kigumi
