#pragma once

#include <cstdint>
#include <set>

#include "kigumi/clocks/replica_id.hpp"
#include "kigumi/daemon/membership_options.hpp"

namespace kigumi::membership {

/// Why a member is suspected, and since when.
struct Suspicion {
    std::uint64_t since_ms = 0;
    std::set<ReplicaId> accusers;  ///< who found out by itself
};

/// How long a suspicion lasts before the suspect is held for down, in a cluster with `live` members
/// that are alive or suspect, this node included.
///
/// Lifeguard: long while one node alone makes it, since that one may be what is broken, and shorter
/// by the logarithm of the others that agree; where nobody is left to agree, short at once.
std::uint64_t suspicion_ms(const MembershipOptions& options, const Suspicion& suspicion,
                           std::size_t live);

/// How many confirmations are waited for, and passed on.
std::size_t wanted_confirmations(const MembershipOptions& options, std::size_t live);

}  // namespace kigumi::membership
