#include <algorithm>

#include "kigumi/daemon/observation.hpp"
#include "kigumi/replication/members.hpp"

namespace kigumi::http {
namespace {

bool holds_anything(const ReplicatorStatus& status) {
    return std::any_of(status.buckets.begin(), status.buckets.end(),
                       [](const BucketStatus& bucket) {
                           return bucket.name != members::kBucket && !bucket.version.empty();
                       });
}

bool linked(const ReplicatorStatus& status) {
    return std::any_of(status.links.begin(), status.links.end(),
                       [](const LinkStatus& link) { return link.up; });
}

/// Whether there are linked peers, and none that is worth asking.
bool all_broken(const ReplicatorStatus& status) {
    return linked(status) &&
           std::all_of(status.links.begin(), status.links.end(), [](const LinkStatus& link) {
               return !link.up || link.breaker.state == BreakerState::kOpen;
           });
}

}  // namespace

std::string why_unhealthy(const Observation& now) {
    if (!now.loop_stuck) return "";
    return "the event loop has not turned for " + std::to_string(now.loop_idle_ms) + " ms";
}

std::vector<std::string> why_not_ready(const Observation& now) {
    std::vector<std::string> reasons = now.problems;
    if (const std::string sick = why_unhealthy(now); !sick.empty()) reasons.push_back(sick);
    if (now.draining) reasons.emplace_back("it is about to end");
    if (!now.refusal.empty()) reasons.push_back(now.refusal);
    if (now.replication) {
        const bool joining =
            now.has_peers && !holds_anything(*now.replication) && !linked(*now.replication);
        if (joining) reasons.emplace_back("it is new and has not met any of its peers yet");
        if (all_broken(*now.replication))
            reasons.emplace_back("every linked peer fails to answer; see the breakers");
        if (now.replication->left_out > 0)
            reasons.push_back(std::to_string(now.replication->left_out) +
                              " buckets are not replicated: there are more than max_buckets, " +
                              std::to_string(now.replication->max_buckets));
    }
    return reasons;
}

}  // namespace kigumi::http
