#include "simulation.hpp"

#include "cluster.hpp"

namespace kigumi::sim {
namespace {

/// After healing: within so many digest rounds everybody holds everything. A round is 500 ms. A
/// pull that failed before may wait out its longest backoff, 5 s, or a breaker that is open, 10 s,
/// and one whose request was lost its longest time-out, 10 s, first. Along a chain of replicas each
/// may have to wait for the next.
constexpr unsigned kRounds = 100;
constexpr unsigned kRoundsPerReplica = 6;
constexpr std::uint64_t kRoundMs = 500;
/// About what an audit takes beyond its period.
constexpr std::uint64_t kAuditMs = 1'000;

void random_fault(Cluster& cluster, const Options& options, Random& random, Counters& counters) {
    const auto node = static_cast<unsigned>(random.below(cluster.size()));
    if (random.chance(options.crash)) {
        cluster.crash(node);
    }
    if (random.chance(10)) cluster.start(static_cast<unsigned>(random.below(cluster.size())));
    if (random.chance(options.pause)) cluster.pause(node, random.between(10, 10'000));
    if (random.chance(options.failed_commit)) cluster.fail_commit(node);
    if (random.chance(options.partition)) {
        // Both ways or one way, one pair or one against all.
        const auto other = static_cast<unsigned>(random.below(cluster.size()));
        const bool both = random.chance(70);
        ++counters[both ? "partitions" : "one-way partitions"];
        for (unsigned i = 0; i < cluster.size(); ++i) {
            if (i == node || (i != other && random.chance(50))) continue;
            cluster.cut(node, i);
            if (both) cluster.cut(i, node);
        }
    }
    if (random.chance(5)) cluster.heal_network();
    if (random.chance(options.clock_jump)) {
        constexpr std::int64_t kJumps[] = {0, 500, -500, 3'600'000, -3'600'000, 2'300'000'000'000};
        cluster.set_clock_offset(node, kJumps[random.below(6)]);
    }
    if (random.chance(options.full_disk)) cluster.fill_disk(node, random.between(100, 5'000));
    if (random.chance(options.clone))
        cluster.clone(node, static_cast<unsigned>(random.below(cluster.size())));
    if (random.chance(options.retire))
        cluster.retire(node, static_cast<unsigned>(random.below(cluster.size())));
    if (options.rollback > 0 || options.in_place > 0) {
        if (random.chance(5)) cluster.remember_state(node);
        if (random.chance(options.rollback)) cluster.roll_back(node);
        if (random.chance(options.in_place) && cluster.go_back_in_place(node)) {
            // It goes on, beyond what others had seen, before it meets them.
            const auto& buckets = cluster.buckets();
            for (std::uint64_t left = random.between(0, 15); left > 0; --left)
                cluster.write(node, buckets[random.below(buckets.size())], random);
        }
    }
}

/// Until everybody holds everything, or it takes too long.
void let_converge(Cluster& cluster, const Options& options) {
    unsigned rounds = kRounds + (cluster.size() > 12 ? kRoundsPerReplica * cluster.size() : 0);
    // Rows with proofs are three times as large, and the credit for them is not: down a chain of
    // ten that takes longer (seed 7999).
    if (options.proofs) rounds *= 2;
    for (unsigned round = 0; round < rounds && !cluster.converged(); ++round)
        cluster.run_for(kRoundMs);
    cluster.check_converged();
}

/// Within so many audits of each pair all replicas are identical. Along a chain what one lacks
/// comes from one to the next.
void audit(Cluster& cluster, const Options& options) {
    const unsigned audits = 20 + 2 * cluster.size();
    // A damaged row may have kept its replica from pulling.
    for (unsigned i = 0; i < audits && !(cluster.converged() && cluster.identical()); ++i)
        cluster.run_for(options.audit_ms + kAuditMs);
    cluster.check_identical();
}

void run(const Options& options, Counters& counters) {
    Random random(options.seed * 3 + 1);
    Cluster cluster(options, counters);
    for (unsigned step = 0; step < options.steps; ++step) {
        const auto node = static_cast<unsigned>(random.below(cluster.size()));
        const auto& buckets = cluster.buckets();
        if (random.chance(60)) cluster.write(node, buckets[random.below(buckets.size())], random);
        random_fault(cluster, options, random, counters);
        if (random.chance(50))
            cluster.run_for(random.chance(options.lull) ? random.between(1'000, 8'000)
                                                        : random.below(60));
        cluster.check();
    }
    cluster.heal();
    let_converge(cluster, options);
    if (options.audit_ms > 0) {
        audit(cluster, options);
        if (options.damage > 0) {
            cluster.plant_differences(options.damage);
            audit(cluster, options);
            let_converge(cluster, options);
        }
    }
    // Very old messages, after everything else: nothing may change any more, but for requests that
    // are forgotten meanwhile.
    cluster.deliver_old_messages(3'000);
    cluster.run_for(10'000);
    let_converge(cluster, options);
    if (options.audit_ms > 0) audit(cluster, options);
    counters["events"] += cluster.history().events();
}

}  // namespace

Outcome simulate(const Options& options) {
    Outcome outcome;
    try {
        run(options, outcome.counters);
    } catch (const std::exception& error) {
        outcome.violation = error.what();
    }
    return outcome;
}

}  // namespace kigumi::sim
