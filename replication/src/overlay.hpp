#pragma once

#include <optional>

#include "kigumi/replication/batch.hpp"
#include "restricted_join.hpp"
#include "schema.hpp"

/// What a large pull brought, visible and not yet folded into the rows (`docs/protocol.md`).
///
/// The rows of the answer stand in `staging`. A bucket has one overlay at most. Places are keys of
/// the `rows` table without the bucket. Up to the first write to it, an unfolded row is what it was
/// when the overlay became visible: only so is the join of the two right.
namespace kigumi {

struct Overlay {
    VersionVector before;  ///< V of this replica when the overlay became visible
    VersionVector theirs;  ///< V of the answer
    bool full = false;     ///< rows that were not sent lose what `theirs` covers
    std::string place;     ///< what lies before it is folded
    std::optional<AcceptedOrigins> accepted = {};  ///< events of these only; nothing: of all

    /// A row of an answer that has been folded leaves this in its place if the answer is full: a
    /// row that was not sent would look the same otherwise.
    static constexpr std::string_view kFolded{};

    /// Whether a row may differ from what it shows.
    bool pending(std::string_view at) const { return at >= place; }
    /// The row that shows: `staged` is its record in `staging`, nothing if there is none. An empty
    /// row shows nothing.
    Result<KeyedRow> shown(std::string_view at, std::optional<KeyedRow> ours,
                           std::optional<std::string_view> staged,
                           const codec::OriginNames& origins) const;
    /// Whether the log names all rows with an event in (from, to].
    bool indexed(const VersionVector& from, const VersionVector& to) const;
    /// A row of this replica and the same one of the answer, joined.
    Row joined(const Row& ours, const Row& sent) const;
};

namespace overlay {

/// kCorrupt if it is of events that `version`, V of this replica, does not cover.
Result<std::optional<Overlay>> find(kv::ReadTxn& txn, schema::BucketId bucket,
                                    const VersionVector& version);
/// While a store has an overlay its format is `schema::kOverlaidFormat`.
Result<void> put(kv::WriteTxn& txn, schema::BucketId bucket, const Overlay& overlay);
Result<void> erase(kv::WriteTxn& txn, schema::BucketId bucket);

}  // namespace overlay

}  // namespace kigumi
