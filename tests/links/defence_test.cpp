#include <gtest/gtest.h>

#include "protocol/messages.hpp"
#include "replicator_network.hpp"

/// What links measure of their peers, and how they defend themselves against them.
namespace kigumi {
namespace {

std::string digest(const std::string& bucket, const VersionVector& version) {
    wire::Digest digest;
    digest.versions.emplace_back(bucket, version);
    return wire::encode(digest);
}

/// A replica that does not exist.
ReplicaId stranger(std::uint64_t number) {
    ReplicaId::Bytes bytes{};
    bytes[0] = 0xFF;
    bytes[1] = static_cast<std::uint8_t>(number);
    bytes[2] = static_cast<std::uint8_t>(number >> 8);
    return ReplicaId(bytes);
}

class LinksThatDefendThemselves : public testing::Test {
  protected:
    /// Nodes that all dial the first ones.
    void make_mesh(std::size_t nodes, const ReplicatorOptions& options, std::uint64_t delay_ms) {
        for (std::size_t i = 0; i < nodes; ++i) {
            network_.add(options);
            for (std::size_t j = 0; j < i; ++j) network_.connect(i, j, delay_ms);
        }
        ASSERT_TRUE(network_.run_until(
            [&] {
                for (std::size_t i = 0; i < nodes; ++i)
                    for (std::size_t j = 0; j < nodes; ++j)
                        if (i != j && !network_.link(i, j).up) return false;
                return true;
            },
            60'000));
    }
    void write_some(std::size_t node, int count, std::size_t bytes = 10) {
        for (int i = 0; i < count; ++i)
            network_.write(node, "k" + std::to_string(i), std::string(bytes, 'x'));
    }
    bool converged(std::size_t a, std::size_t b) {
        return network_.version(a) == network_.version(b);
    }
    /// Messages of a kind are lost on their way from one node to another.
    template <class Kind>
    void lose(std::size_t from, std::size_t to) {
        network_.passes = [from, to](std::size_t source, std::size_t target, const auto& bytes) {
            const auto message = wire::decode(bytes);
            return source != from || target != to || !std::holds_alternative<Kind>(*message);
        };
    }

    ReplicatorNetwork network_;
};

TEST_F(LinksThatDefendThemselves, MeasureTheirRoundTrips) {
    make_mesh(2, {}, 150);
    for (int i = 0; i < 20; ++i) {
        write_some(0, 1);
        network_.run_for(1'000);
    }
    const RoundTripStatus measured = network_.link(0, 1).round_trip;
    EXPECT_GE(measured.samples, 20U);
    EXPECT_NEAR(measured.mean_ms, 300, 30);
    EXPECT_EQ(measured.timeout_ms, ReplicatorOptions().timeout_min_ms);
}

TEST_F(LinksThatDefendThemselves, PullOverALinkThatTakesLongerThanTheFirstTimeOut) {
    // Three seconds for each round trip, where a pull is given up after two.
    make_mesh(2, {}, 1'500);
    lose<wire::Push>(0, 1);
    write_some(0, 3);
    EXPECT_TRUE(network_.run_until([&] { return converged(0, 1); }, 30'000));
    EXPECT_GT(network_.link(1, 0).round_trip.timeout_ms, 3'000U);
}

TEST_F(LinksThatDefendThemselves, WaitForPushesAsLongAsAPullWouldTake) {
    make_mesh(3, {}, 100);
    for (int i = 0; i < 20; ++i) {
        for (std::size_t node : {0, 1, 2}) write_some(node, 1);
        network_.run_for(600);
    }
    const auto pulls = [&] {
        std::uint64_t all = 0;
        for (std::size_t node : {0, 1, 2})
            all += network_.replicator(node).status().counters.pulls_done;
        return all;
    };
    const std::uint64_t before = pulls();
    // A direct way that is slower than the way around: digests come before pushes.
    network_.set_delay(0, 1, 190);
    for (int i = 0; i < 50; ++i) {
        write_some(0, 1);
        network_.run_for(700);
    }
    EXPECT_TRUE(converged(0, 1));
    EXPECT_LE(pulls() - before, 5U);
}

TEST_F(LinksThatDefendThemselves, StopAskingAPeerThatNeverAnswersAndAskAgainWhenItHealed) {
    make_mesh(2, {}, 5);
    network_.passes = [](std::size_t from, std::size_t to, const std::string& bytes) {
        const auto message = wire::decode(bytes);
        return from != 0 || to != 1 || std::holds_alternative<wire::Digest>(*message) ||
               std::holds_alternative<wire::DigestChange>(*message);
    };
    write_some(0, 3);
    ASSERT_TRUE(network_.run_until(
        [&] { return network_.link(1, 0).breaker.state == BreakerState::kOpen; }, 60'000));
    EXPECT_GE(network_.link(1, 0).breaker.error_rate, 0.5);
    const std::uint64_t broken = network_.replicator(1).status().counters.pulls_broken;
    network_.run_for(60'000);
    EXPECT_LE(network_.replicator(1).status().counters.pulls_broken - broken, 10U)
        << "a try each ten seconds, and its time-out";
    EXPECT_TRUE(network_.link(1, 0).up) << "digests still go";

    network_.passes = nullptr;
    EXPECT_TRUE(network_.run_until([&] { return converged(0, 1); }, 30'000));
    EXPECT_EQ(network_.link(1, 0).breaker.state, BreakerState::kClosed);
}

TEST_F(LinksThatDefendThemselves, DoNotSendMoreToWhoDoesNotConfirm) {
    ReplicatorOptions options;
    options.push_credit_bytes = 10'000;
    make_mesh(3, options, 5);
    network_.write(0, "k", "v", "a");
    network_.write(0, "k", "v", "b");
    network_.run_for(3'000);
    network_.stop(2);
    std::size_t most = 0;
    for (int i = 0; i < 100; ++i) {
        network_.write(0, "k" + std::to_string(i), std::string(1'000, 'x'), i % 2 ? "a" : "b");
        most = std::max(most, network_.link(0, 2).in_flight_bytes);
        network_.run_for(10);
    }
    EXPECT_LE(most, 12'000U) << "over all buckets";
    EXPECT_GT(most, 5'000U);
    EXPECT_EQ(network_.version(1, "a"), network_.version(0, "a")) << "others do not wait for it";
    network_.stop(2, false);
    EXPECT_TRUE(network_.run_until(
        [&] { return network_.version(2, "a") == network_.version(0, "a"); }, 30'000));
}

TEST_F(LinksThatDefendThemselves, AreIdleWhileTheyWaitForRoomToPush) {
    ReplicatorOptions options;
    options.push_credit_bytes = 2'000;
    make_mesh(2, options, 5);
    network_.stop(1);
    for (int i = 0; i < 5; ++i) network_.write(0, "k", std::string(1'000, 'x'));
    const std::uint64_t now_ms = network_.now_ms();
    EXPECT_GT(network_.replicator(0).next_wakeup(), now_ms)
        << "a peer that does not confirm must not keep the loop spinning";
}

TEST_F(LinksThatDefendThemselves, ThrottleABabblerAndServeTheOthers) {
    ReplicatorOptions options;
    options.link_messages_per_s = 200;
    options.link_waiting_bytes = 10'000;
    make_mesh(3, options, 5);
    const std::string noise = digest("default", {});
    for (int round = 0; round < 100; ++round) {
        for (int i = 0; i < 15; ++i) network_.inject(2, 0, noise);
        if (round % 10 == 0) write_some(1, 1);
        network_.run_for(10);
    }
    EXPECT_GT(network_.link(0, 2).traffic.throttled, 100U);
    EXPECT_GT(network_.link(0, 2).traffic.dropped, 100U);
    EXPECT_LE(network_.link(0, 2).held_bytes, 10'000U);
    EXPECT_EQ(network_.link(0, 1).traffic.throttled, 0U);
    network_.run_for(100);
    EXPECT_TRUE(converged(0, 1)) << "the others are none the worse for it";
    network_.run_for(5'000);
    EXPECT_TRUE(converged(0, 2)) << "and it is heard again when it calms down";
}

TEST_F(LinksThatDefendThemselves, CutOffWhoNeverStops) {
    ReplicatorOptions options;
    options.link_messages_per_s = 100;
    options.link_waiting_bytes = 1'000;
    make_mesh(2, options, 5);
    const std::string noise = wire::encode(wire::Digest{});
    for (int i = 0; i < 5'000 && !network_.closed(0, 1); ++i) {
        network_.inject(1, 0, noise);
        network_.run_for(1);
    }
    EXPECT_TRUE(network_.closed(0, 1));
}

TEST_F(LinksThatDefendThemselves, HoldNoMoreOfAPeersPushesThanItsShare) {
    ReplicatorOptions options;
    options.held_max_bytes = 100'000;
    options.held_peer_max_bytes = 30'000;
    make_mesh(3, options, 5);
    // Pushes whose causes never come, small but for their vectors.
    for (std::uint64_t i = 1; i < 2'000; ++i) {
        VersionVector base;
        for (std::uint64_t j = 0; j < 50; ++j) base.raise(stranger(j), 5 + i);
        VersionVector version = base;
        version.raise(base.begin()->first, 6 + i);
        network_.inject(2, 0,
                        wire::encode(wire::Push{"default", base, version, {}, encode_batch({})}));
    }
    network_.run_for(1);
    EXPECT_LE(network_.link(0, 2).held_bytes, 30'000U);
    EXPECT_GT(network_.link(0, 2).held_bytes, 10'000U);
    EXPECT_LE(network_.replicator(0).buffered_bytes(), 30'000U);
}

TEST_F(LinksThatDefendThemselves, RememberNoMoreBucketsAndVectorsThanAPeersShare) {
    ReplicatorOptions options;
    options.peer_vector_entries = 5'000;
    options.max_buckets = 16 * 1'024;
    make_mesh(3, options, 5);
    network_.write(0, "k", "v");
    network_.run_for(1'000);
    const VersionVector some{{stranger(1), 1}};
    for (int i = 0; i < 1'500; ++i)
        network_.inject(2, 0, digest("made up " + std::to_string(i), some));
    network_.run_for(1);
    const std::size_t known = network_.replicator(0).status().buckets.size();
    EXPECT_LE(known, 1'100U);
    EXPECT_GT(known, 1'000U);
    // There is room for what others tell of.
    network_.write(1, "k", "v", "real");
    EXPECT_TRUE(network_.run_until(
        [&] { return network_.version(0, "real") == network_.version(1, "real"); }, 1'000));

    VersionVector many;
    for (std::uint64_t i = 0; i < 6'000; ++i) many.raise(stranger(i), 1);
    network_.inject(2, 0, digest("default", many));
    network_.run_for(2'000);
    EXPECT_TRUE(network_.closed(0, 2));
    EXPECT_LE(network_.replicator(0).status().buckets.size(), 10U)
        << "nothing of what it made up is left";
}

}  // namespace
}  // namespace kigumi
