#pragma once

#include "kigumi/crdt/row.hpp"
#include "kigumi/crdt/row_key.hpp"

/// What a row was at a moment, as far as the backups before and after it tell.
namespace kigumi::backup {

/// Whether the row shows a write after the moment.
bool written_after(const Row& row, std::uint64_t at_ms);

/// The writes of a row that were alive at the moment: those until then that the `later` backup
/// shows, and those of the `earlier` one (at version `earlier_at`) that went only afterwards.
///
/// Of an assign row, a write until the moment that is new in the later backup is taken to have
/// replaced what the earlier one showed. Of a tally row, each origin's contribution is the newest
/// known until the moment, and at least what a reset until then has seen of it.
Row as_of(const RowKey& at, const Row& earlier, const VersionVector& earlier_at, const Row& later,
          std::uint64_t at_ms);

/// What a reader saw of an assign row, as one write: the last value of a register, a set's member
/// or a flag if any write says so; otherwise a removal.
Payload shown_payload(const RowKey& at, const Row& row);

}  // namespace kigumi::backup
