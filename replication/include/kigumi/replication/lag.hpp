#pragma once

#include "kigumi/clocks/export.hpp"
#include "kigumi/replication/transaction.hpp"

namespace kigumi {

/// How far another replica is behind what this one holds.
struct Lag {
    std::uint64_t events = 0;      ///< that it has not confirmed, whoever wrote them
    std::uint64_t own_events = 0;  ///< of these, the ones that this replica wrote
    /// When the oldest of the latter was written that still shows in a row, in ms since 1970 by
    /// the clock of this replica; 0 if it lacks none.
    std::uint64_t oldest_ms = 0;

    /// The age of that event. A clock that went back makes nothing younger than now.
    std::uint64_t age_ms(std::uint64_t wall_ms) const {
        return oldest_ms == 0 || oldest_ms > wall_ms ? 0 : wall_ms - oldest_ms;
    }
};

/// The lag of a replica that has confirmed `theirs`. One look into the log; O(origins).
KIGUMI_API Result<Lag> lag_of(ReadTransaction& snapshot, const ReplicaId& self,
                              const VersionVector& theirs);

}  // namespace kigumi
