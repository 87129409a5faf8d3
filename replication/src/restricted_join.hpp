#pragma once

#include <vector>

#include "kigumi/clocks/version_vector.hpp"
#include "kigumi/crdt/result.hpp"
#include "kigumi/crdt/row.hpp"

/// Joining rows of a peer that may bring events of some origins only (`docs/protocol.md`,
/// "Rights").
///
/// Once every other event that such a peer has seen is known here, only the rows of its new events
/// can change anything. In those rows its new writes may have replaced writes of others, but not
/// any: an assignment replaces what it saw, a reset replaces resets, and nothing replaces a
/// contribution of another origin. So a peer without the right to relay can overwrite a register
/// and reset a counter, as its right to write lets it, and cannot make anybody's increments
/// disappear.
namespace kigumi {

/// The origins whose events are accepted, ascending.
using AcceptedOrigins = std::vector<ReplicaId>;

/// Whether the row holds a write of an accepted origin that `ours_at` does not cover.
bool has_news_of(const AcceptedOrigins& accepted, const VersionVector& ours_at, const Row& theirs);

/// The row to join instead of `theirs`: without writes of others that `ours` lacks, and with those
/// that no new write of an accepted origin can have replaced. `ours` itself if there is no new
/// write. O((n + m)²).
Row restricted(const AcceptedOrigins& accepted, const Row& ours, const VersionVector& ours_at,
               const Row& theirs);

/// kInvalidArgument if a new reset of an accepted origin says to have seen more of another origin's
/// contribution than `ours` has: it would take away increments that are yet to be made.
Result<void> check_resets(const AcceptedOrigins& accepted, const Row& ours,
                          const VersionVector& ours_at, const Row& theirs);

}  // namespace kigumi
