#pragma once

#include "../restricted_join.hpp"
#include "kigumi/replication/peer_policy.hpp"

namespace kigumi {

/// The replicas of a peer's own of which `theirs` has events that `ours` lacks.
inline AcceptedOrigins accepted_from(const PeerPolicy& peer, const VersionVector& ours,
                                     const VersionVector& theirs) {
    AcceptedOrigins origins;
    for (const auto& [origin, counter] : theirs)
        if (ours[origin] < counter && peer.owns(origin)) origins.push_back(origin);
    return origins;
}

}  // namespace kigumi
