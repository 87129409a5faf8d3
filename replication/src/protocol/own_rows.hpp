#pragma once

#include <vector>

#include "kigumi/clocks/version_vector.hpp"
#include "kigumi/replication/batch.hpp"
#include "kigumi/replication/peer_policy.hpp"

/// Rows from a peer that may bring its own events only (`docs/protocol.md`, "Rights").
///
/// Once everything else that such a peer has seen is known here, only the rows of its new events
/// can change anything: what any other row lacks was replaced by an event that is known here, and
/// is gone here as well. So those rows are all that is looked at, and no row loses a write to the
/// peer unless the peer has written to that row.
namespace kigumi {

/// Whether the row holds a write of a replica of the peer's own that `ours` does not cover.
bool has_own_news(const PeerPolicy& peer, const VersionVector& ours, const Row& row);

void keep_rows_of(const PeerPolicy& peer, const VersionVector& ours, std::vector<KeyedRow>& rows);

}  // namespace kigumi
