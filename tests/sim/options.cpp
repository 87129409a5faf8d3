#include "options.hpp"

#include <algorithm>

#include "random.hpp"

namespace kigumi::sim {

Options options_for(std::uint64_t seed) {
    Random random(seed ^ 0x6B6967756D69);
    Options options;
    options.seed = seed;
    options.replicas =
        static_cast<unsigned>(random.chance(10) ? random.between(6, 12) : random.between(1, 5));
    options.steps = static_cast<unsigned>(random.between(50, 250));
    options.topology = static_cast<Topology>(random.chance(50) ? 0 : random.below(4));
    options.keys = static_cast<unsigned>(random.between(1, 6));
    options.two_buckets = random.chance(20);
    options.large = random.chance(15);
    // Each fault is off in most runs: mixed all the time they would hide each other.
    const auto sometimes = [&random](unsigned chance, unsigned most) {
        return random.chance(chance) ? static_cast<unsigned>(random.between(1, most)) : 0U;
    };
    options.loss = sometimes(50, 40);
    options.duplication = sometimes(40, 30);
    options.long_delay = sometimes(25, 5);
    options.reorder = sometimes(40, 60);
    options.replay = sometimes(40, 20);
    options.partition = sometimes(50, 6);
    options.crash = sometimes(50, 6);
    options.pause = sometimes(30, 5);
    options.failed_commit = sometimes(30, 5);
    options.rollback = sometimes(20, 2);
    options.clock_jump = sometimes(40, 5);
    options.drift = sometimes(30, 20);
    options.full_disk = sometimes(15, 2);
    options.clone = sometimes(10, 2);
    options.retire = sometimes(15, 3);
    options.strangers = sometimes(15, 1);
    options.joiners = sometimes(20, 1);
    if (random.chance(30)) options.lull = static_cast<unsigned>(random.between(10, 40));
    if (random.chance(1)) {
        // A large cluster; a mesh of that size would only be slow.
        options.replicas = static_cast<unsigned>(random.between(13, 50));
        options.steps = static_cast<unsigned>(random.between(30, 60));
        if (options.topology == Topology::kMesh) options.topology = Topology::kStar;
    }
    options.delay_ms = random.chance(30) ? random.between(50, 400) : random.between(2, 30);
    if (random.chance(30)) options.request_ms = random.between(2'000, 15'000);
    // What faults leave different that break what collection counts on, audits settle.
    if (!options.members_known() || random.chance(20))
        options.audit_ms = random.between(1'000, 12'000);
    if (options.audit_ms > 0 && options.replicas > 1) options.damage = sometimes(50, 12);
    // A write to a damaged row spreads the loss before an audit can find it.
    if (options.damage > 0) options.request_ms = Options().request_ms;
    options.overlay = random.chance(50);
    options.proofs = random.chance(15);
    if (options.proofs) options.forgery = sometimes(60, 15);
    // Rows may go before their time then, which damaged ones must not, as above.
    if (options.damage == 0 && random.chance(20)) {
        options.request_rows = random.between(2, 6);
        if (options.request_ms == Options().request_ms)
            options.request_ms = random.between(15'000, 60'000);
    }
    if (random.chance(8)) {
        options.in_place = static_cast<unsigned>(random.between(1, 3));
        // Those take away what shows the fork, and who could tell.
        options.rollback = options.clone = 0;
        // Rows are equal after audits only.
        if (options.audit_ms == 0) options.audit_ms = random.between(1'000, 12'000);
        options.damage = 0;
        // Of what was executed twice under one name nothing is promised.
        options.requests = 0;
        options.replicas = std::max(options.replicas, 2U);
        if (random.chance(50))
            options.loss = options.long_delay = options.reorder = options.partition =
                options.replay = 0;
    }
    // What only that node has of others nobody may take from it, and it may send nobody a bucket in
    // full, so others must not lose anything or come too late. Forged messages would be its own.
    if (!options.proofs && options.members_known() && options.joiners == 0 &&
        options.damage == 0 && options.in_place == 0 && options.topology == Topology::kMesh &&
        options.replicas >= 3 && options.replicas <= 5)
        options.tampering = sometimes(40, 60);
    return options;
}

}  // namespace kigumi::sim
