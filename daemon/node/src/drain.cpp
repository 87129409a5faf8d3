#include "drain.hpp"

#include <set>

namespace kigumi {

Drain::Drain(const ReplicatorStatus& begun) {
    for (const BucketStatus& bucket : begun.buckets) held_[bucket.name] = bucket.version;
}

bool Drain::done(const ReplicatorStatus& now) const {
    std::set<ReplicaId> linked;
    for (const LinkStatus& link : now.links)
        if (link.up && link.replica) linked.insert(*link.replica);
    for (const BucketStatus& bucket : now.buckets) {
        const auto held = held_.find(bucket.name);
        if (held == held_.end() || held->second.empty()) continue;
        std::set<ReplicaId> waiting = linked;
        for (const BucketPeerStatus& peer : bucket.peers)
            if (peer.acknowledged.covers(held->second)) waiting.erase(peer.replica);
        if (!waiting.empty()) return false;
    }
    return true;
}

}  // namespace kigumi
