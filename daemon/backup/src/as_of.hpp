#pragma once

#include "kigumi/crdt/row.hpp"
#include "kigumi/crdt/row_key.hpp"

/// What a row was at a moment, as far as the backups before and after it tell.
namespace kigumi::backup {

/// Whether the row shows a write after the moment.
bool written_after(const Row& row, std::uint64_t at_ms);

struct AsOf {
    Row row;  ///< the writes that were alive
    /// Whether a reader may have seen another row: it shows a removal and no value, and it cannot
    /// be told whether that removal saw the value that the earlier backup shows.
    bool ambiguous = false;
    bool operator==(const AsOf&) const = default;
};

/// The writes of a row that were alive at the moment: those until then that the `later` backup
/// shows, and those of the `earlier` one (at version `earlier_at`) that went only afterwards.
///
/// Of an assign row, a write that is new in the later backup is taken to have replaced what the
/// earlier one showed and the later one does not, unless its time is before that. Of a tally row,
/// each origin's contribution is the newest known until the moment, and at least what a reset until
/// then has seen of it.
AsOf as_of(const RowKey& at, const Row& earlier, const VersionVector& earlier_at, const Row& later,
           std::uint64_t at_ms);

/// What a reader saw of an assign row, as one write: the last value of a register, a set's member
/// or a flag if any write says so; otherwise a removal.
Payload shown_payload(const RowKey& at, const Row& row);

}  // namespace kigumi::backup
