#pragma once

#include <map>
#include <set>
#include <string_view>

#include "kigumi/clocks/export.hpp"
#include "kigumi/replication/store.hpp"

/// Who belongs to the cluster: whom a removal waits for before it is collected.
///
/// The list is replicated data of its own: a map in a bucket of its own, from a replica's id to its
/// standing. Every running node enters itself; a node that is gone for good is retired by its
/// operator. A wrong list costs a full resync, never a live value.
namespace kigumi::members {

/// Where the list is kept.
inline constexpr std::string_view kBucket = "kigumi.members";

/// Whether removals wait for a replica.
enum class Standing { kMember, kRetired };

/// Everybody in the list. One read transaction; O(members).
KIGUMI_API Result<std::map<ReplicaId, Standing>> list(Store& store);

/// Enters a replica or changes its standing, durably. A retired replica that runs again enters
/// itself again.
KIGUMI_API Result<void> put(Store& store, const ReplicaId& replica, Standing standing);

/// The same within a transaction of `kBucket`.
KIGUMI_API Result<void> put(WriteTransaction& txn, const ReplicaId& replica, Standing standing);

/// Whom a removal in a bucket at `version` waits for before it is collected: the members and every
/// origin of events, except the retired ones and `self`.
KIGUMI_API std::set<ReplicaId> waited_for(const std::map<ReplicaId, Standing>& list,
                                          const VersionVector& version, const ReplicaId& self);

}  // namespace kigumi::members
