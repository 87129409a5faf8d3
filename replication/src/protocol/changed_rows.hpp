#pragma once

#include "kigumi/replication/transaction.hpp"

/// The rows that lie between two cuts: what a push carries, and a phase of a pull answer.
namespace kigumi {

/// Where a walk through the log stands: the last entry that was looked at.
struct LogPosition {
    ReplicaId origin;
    std::uint64_t counter = 0;
};

/// Whether this event is the first of those in (from, to] that the row holds: a walk through the
/// log meets the row once for each, and takes it once.
bool first_in_range(const Row& row, const Dot& dot, const VersionVector& from,
                    const VersionVector& to);

/// Adds each row with an event in (from, to] once, whole, in the order of the log behind
/// `position`, until the batch has reached `max_bytes` (false) or all have been looked at (true).
Result<bool> add_changed_rows(ReadTransaction& snapshot, const VersionVector& from,
                              const VersionVector& to, LogPosition& position, BatchWriter& batch,
                              std::size_t max_bytes);

}  // namespace kigumi
