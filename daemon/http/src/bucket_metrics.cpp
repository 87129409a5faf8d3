#include <algorithm>
#include <map>

#include "metrics.hpp"

namespace kigumi::http {
namespace {

using Kind = Exposition::Kind;

/// How far a peer is behind, over all buckets.
struct PeerLag {
    std::uint64_t events = 0;
    std::uint64_t age_ms = 0;
};

std::map<ReplicaId, PeerLag> lags(const ReplicatorStatus& status) {
    std::map<ReplicaId, PeerLag> all;
    for (const BucketStatus& bucket : status.buckets)
        for (const BucketPeerStatus& peer : bucket.peers) {
            PeerLag& lag = all[peer.replica];
            lag.events += peer.lag.events;
            lag.age_ms = std::max(lag.age_ms, peer.lag.age_ms(status.wall_ms));
        }
    return all;
}

/// A sum over all buckets: one for each would be thousands of series where there are thousands.
template <class Value>
double sum(const ReplicatorStatus& status, Value value) {
    double total = 0;
    for (const BucketStatus& bucket : status.buckets) total += static_cast<double>(value(bucket));
    return total;
}

void counters(Exposition& out, const ReplicationCounters& counters) {
    const auto one = [&out](const char* name, const char* help, std::uint64_t value) {
        out.family(name, Kind::kCounter, help);
        out.sample(static_cast<double>(value));
    };
    one("kigumi_pushes_sent_total", "Pushes sent, relayed ones included.", counters.pushes_sent);
    one("kigumi_pushes_joined_total", "Pushes received and joined.", counters.pushes_joined);
    one("kigumi_pulls_done_total", "Pulls that were completed.", counters.pulls_done);
    one("kigumi_pulls_broken_total", "Pulls that were given up.", counters.pulls_broken);
    one("kigumi_pulls_served_total", "Pulls of others that were answered.", counters.pulls_served);
    one("kigumi_audits_done_total", "Audits of a bucket with a peer, to their end.",
        counters.audits_done);
    one("kigumi_refused_links_total", "Links that were closed for what came from them.",
        counters.refused_peers);
    one("kigumi_buckets_refused_total",
        "How often a peer told of a bucket that was not taken, for want of room here or in its "
        "share.",
        counters.buckets_refused);
    one("kigumi_unproven_messages_total",
        "Messages that were thrown away for a write without a sound proof.", counters.unproven);
    one("kigumi_identity_renewals_total",
        "New identities that this node took because a peer showed a head that it had signed and "
        "does not hold.",
        counters.renewals);
    one("kigumi_identity_claims_total",
        "Versions of peers that hold events of this node that it never made. Ignored.",
        counters.identity_claims);
    one("kigumi_unsound_heads_total", "Heads with a wrong signature. Ignored.",
        counters.unsound_heads);
}

}  // namespace

void bucket_metrics(Exposition& out, const ReplicatorStatus& status) {
    const auto peers = lags(status);
    out.family("kigumi_replication_lag_events", Kind::kGauge,
               "Events held here that the peer has not confirmed, over all buckets.");
    for (const auto& [replica, lag] : peers)
        out.sample(static_cast<double>(lag.events), {{"peer", replica.hex()}});
    out.family("kigumi_replication_lag_seconds", Kind::kGauge,
               "Age of the oldest write of this node that the peer has not confirmed.");
    for (const auto& [replica, lag] : peers)
        out.sample(static_cast<double>(lag.age_ms) / 1'000, {{"peer", replica.hex()}});
    const auto gauge = [&out](const char* name, const char* help, double value) {
        out.family(name, Kind::kGauge, help);
        out.sample(value);
    };
    gauge("kigumi_buckets", "Buckets that this node knows.",
          static_cast<double>(status.buckets.size()));
    gauge("kigumi_buckets_max", "Buckets that may be replicated (max_buckets).",
          static_cast<double>(status.max_buckets));
    gauge("kigumi_buckets_not_replicated",
          "Buckets of this store that are not replicated, because they are more than max_buckets.",
          static_cast<double>(status.left_out));
    gauge("kigumi_buckets_pulling", "Buckets that are being pulled.",
          sum(status, [](const BucketStatus& bucket) { return bucket.pulling ? 1 : 0; }));
    gauge("kigumi_buckets_folding", "Buckets in which a large pull is being folded in.",
          sum(status, [](const BucketStatus& bucket) { return bucket.folding ? 1 : 0; }));
    gauge("kigumi_held_push_bytes", "Pushes that wait for what they depend on.",
          sum(status, [](const BucketStatus& bucket) { return bucket.held_bytes; }));
    gauge("kigumi_buffered_bytes", "Memory held on behalf of all peers.",
          static_cast<double>(status.buffered_bytes));
    gauge("kigumi_audit_differences", "Rows that audits have found different and united, ever.",
          sum(status, [](const BucketStatus& bucket) { return bucket.differences; }));
    gauge("kigumi_clock_skew_seconds",
          "By how much the furthest timestamp of another replica lay beyond what the own clock "
          "follows.",
          static_cast<double>(status.clock_skew.largest_ms) / 1'000);
    out.family("kigumi_clock_skew_writes_total", Kind::kCounter,
               "Writes received with such a timestamp.");
    out.sample(static_cast<double>(status.clock_skew.writes));
    out.family("kigumi_collected_rows_total", Kind::kCounter,
               "Removed rows that this process has dropped for good.");
    out.sample(sum(status, [](const BucketStatus& bucket) { return bucket.collected; }));
    counters(out, status.counters);
}

}  // namespace kigumi::http
