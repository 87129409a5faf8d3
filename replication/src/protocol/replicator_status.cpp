#include <algorithm>

#include "replicator_core.hpp"

/// What a running replicator tells of itself.
namespace kigumi {

std::string_view name_of(BreakerState state) {
    switch (state) {
        case BreakerState::kClosed:
            return "closed";
        case BreakerState::kOpen:
            return "open";
        case BreakerState::kHalfOpen:
            return "half-open";
    }
    return "";
}

LinkStatus Replicator::Core::status_of(const Link& link) const {
    LinkStatus status;
    status.link = link.id;
    status.dialled = link.dialled;
    status.address = link.address;
    status.replica = link.replica;
    status.up = link.up;
    status.changed_ms = link.changed_wall_ms;
    status.round_trip = link.round_trip.status();
    status.breaker = link.breaker.status();
    status.traffic = link.traffic;
    status.traffic.throttled = link.inflow.throttled();
    status.traffic.dropped = link.inflow.dropped();
    status.in_flight_bytes = link.in_flight_bytes;
    status.held_bytes = link.inflow.bytes() + link.held_bytes;
    status.credit_bytes =
        options_.push_credit_bytes - std::min(options_.push_credit_bytes, status.in_flight_bytes);
    for (const std::string& name : pulls_) {
        const Bucket& bucket = buckets_.at(name);
        if (!bucket.pull.active() || bucket.pull.link() != link.id) continue;
        ++status.pulls;
        status.held_bytes += bucket.pull.bytes();
    }
    return status;
}

BucketStatus Replicator::Core::status_of(const std::string& name, const Bucket& bucket) const {
    BucketStatus status;
    status.name = name;
    status.version = bucket.version;
    status.held_bytes = bucket.held.bytes();
    status.collected = bucket.collected;
    status.pulling = bucket.pull.active();
    status.folding = bucket.folding;
    for (const auto& [replica, audited] : bucket.audits) status.differences += audited.differences;
    status.floor = bucket.floor;
    std::optional<ReadTransaction> snapshot;
    for (const auto& [replica, heard] : bucket.acknowledgements.all()) {
        BucketPeerStatus peer{replica, heard.newest, {}};
        if (!heard.newest.covers(bucket.version)) {
            if (!snapshot)
                if (auto read = store_.read(name)) snapshot = std::move(*read);
            if (snapshot) peer.lag = lag_of(*snapshot, self_, heard.newest).value_or(Lag());
        }
        status.peers.push_back(std::move(peer));
    }
    return status;
}

ReplicatorStatus Replicator::Core::status() const {
    ReplicatorStatus status;
    status.replica = self_;
    status.wall_ms = store_.wall_ms();
    for (const auto& [id, link] : links_) status.links.push_back(status_of(link));
    for (const auto& [name, bucket] : buckets_) status.buckets.push_back(status_of(name, bucket));
    status.counters = counters_;
    status.clock_skew = store_.clock_skew();
    status.buffered_bytes = buffered_bytes();
    status.max_buckets = options_.max_buckets;
    status.left_out = left_out_;
    return status;
}

}  // namespace kigumi
