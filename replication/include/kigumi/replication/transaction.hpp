#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/objects.hpp"
#include "kigumi/replication/batch.hpp"
#include "kigumi/replication/head.hpp"
#include "kigumi/replication/kv.hpp"
#include "kigumi/replication/session_token.hpp"

namespace kigumi {

class OriginTable;
class GrowingOrigins;
class StoredRows;
class StoreState;
namespace schema {
struct Clock;
}
namespace check {
struct Problem;
struct Position;
}  // namespace check

/// One bucket at one committed moment: an exact cut at `version()`.
///
/// A row space to read typed views from. Movable, for one thread at a time; views refer to it, so
/// take them after it has found its place. Keep it short: pages that it sees cannot be reused.
class KIGUMI_API ReadTransaction : public Objects<ReadTransaction> {
  public:
    ReadTransaction(ReadTransaction&&) noexcept;
    ReadTransaction& operator=(ReadTransaction&&) noexcept;
    ~ReadTransaction();

    Result<Row> get(const RowKey& at);
    Result<void> scan(const RowKey& from, const RowVisitor& visit);
    /// Visits each object that shows something, in order, from the first that is not before the one
    /// of `from`. O(objects), plus what removed rows cost.
    Result<void> each_object(const std::function<bool(const std::string& key, Type type)>& visit,
                             const RowKey& from = {});

    /// V: every event that this state incorporates. G: what was collected from it.
    const VersionVector& version() const;
    const VersionVector& floor() const;
    /// What a session has seen that has read this.
    SessionToken token() const;
    /// The least version from which this replica can tell all that changed since: it has dropped no
    /// removal that is newer. Below G as far as others dropped what this replica holds itself.
    const VersionVector& horizon() const;
    /// Whether a large pull is visible here that has not been folded into the rows yet. Everything
    /// reads as if it had; but the log does not name all of its rows, and what looks at the tables
    /// themselves (`inspect`, `walk_rows`, `each_log_entry`, `count_removed`) does not see them.
    bool folding() const;
    /// Whether the log names all rows with an event in (from, to].
    bool indexed(const VersionVector& from, const VersionVector& to) const;
    /// `version` raised to where the log names all rows above it.
    VersionVector indexed_from(VersionVector version) const;

    /// Rows that hold a write of `origin` numbered above `after`, by that number, at most `upto`.
    /// A row appears once for each such write. While `folding`, those that `indexed` denies are
    /// missing.
    Result<void> scan_log(const ReplicaId& origin, std::uint64_t after, std::uint64_t upto,
                          const std::function<bool(std::uint64_t counter, const KeyedRow&)>& visit);
    /// The number of rows, counted. O(rows).
    Result<std::uint64_t> count_rows();
    /// The number of rows that hold nothing but removals and wait to be collected. O(that).
    Result<std::uint64_t> count_removed();
    /// The number of rows that a large pull brought and that are not folded in yet; 0 unless
    /// `folding`. O(that).
    Result<std::uint64_t> count_unfolded();
    /// Rows whose removals are all at or below `stable`, as places for `collect`. Looks at no more
    /// than `limit` removed rows behind `cursor` and moves it on; it is empty again at the end.
    Result<std::vector<std::string>> collectable(const VersionVector& stable, std::size_t limit,
                                                 std::string& cursor);
    /// Looks at up to `limit` rows and index entries from `position` on, which moves behind them,
    /// and tells what is wrong with them (`check.hpp`). O(limit · log rows).
    Result<std::vector<check::Problem>> inspect(check::Position& position, std::size_t limit);
    /// Checks all rows, that the log holds exactly one entry for each write in them, and the index
    /// of removed rows exactly those; kCorrupt with the first problem. Looks at no proofs.
    /// O(rows · log rows).
    Result<void> check_log();
    /// A row in the order of the table, and what is wrong with it.
    struct PlacedRow {
        std::string_view place;       ///< its key in the table, the same on every replica
        std::optional<KeyedRow> row;  ///< nothing if its record is damaged
        const std::vector<check::Problem>& problems;
    };
    /// Visits rows from the place `from` on, with their problems, until `visit` says no.
    Result<void> walk_rows(std::string_view from,
                           const std::function<bool(const PlacedRow&)>& visit);
    /// Visits up to `limit` log entries from `cursor` on, which moves behind them and is empty
    /// again at the end: a write, and the place of the row that the log names for it.
    Result<void> each_log_entry(
        std::string& cursor, std::size_t limit,
        const std::function<void(const Dot& dot, std::string_view place)>& visit);
    /// The place of a replica among those that this store has heard of, in the order in which it
    /// did, from 0; nothing if it has not. No peer can change it later.
    std::optional<std::uint32_t> origin_number(const ReplicaId& origin) const;
    /// The number of rows and index entries of all buckets. O(1).
    Result<std::uint64_t> count_items();
    /// The newest head of the origin: the one that is kept, or of this store's own identity its
    /// present one, signed now (about 30 µs). Nothing if there is none: events from before there
    /// were heads, or of an identity without a key. It is never newer than `version()`.
    Result<std::optional<Head>> head(const ReplicaId& origin);
    /// Whether an earlier identity of this store is known to have used names twice
    /// (`Store::renew_identity`). O(1).
    Result<bool> forked();

  private:
    friend class Store;
    friend class StoredRows;
    struct State;
    explicit ReadTransaction(std::unique_ptr<State> state);
    Result<std::vector<check::Problem>> inspect(check::Position& position, std::size_t limit,
                                                bool proofs);
    std::unique_ptr<State> state_;
};

/// The one writer of a bucket: many rows, one atomic and durable step.
///
/// A row space to write typed views through; it reads its own writes. What it writes is at most
/// 64 MiB. Not committed, it changes nothing. Movable, for one thread at a time; hold it shortly,
/// every other writer of the environment waits. A thread that begins a second one gets kBusy.
class KIGUMI_API WriteTransaction : public Objects<WriteTransaction> {
  public:
    WriteTransaction(WriteTransaction&&) noexcept;
    WriteTransaction& operator=(WriteTransaction&&) noexcept;
    ~WriteTransaction();

    Result<Row> get(const RowKey& at);
    Result<void> scan(const RowKey& from, const RowVisitor& visit);
    Result<void> each_object(const std::function<bool(const std::string& key, Type type)>& visit,
                             const RowKey& from = {});

    ReplicaId self() const;
    Dot next_dot();
    /// The transaction's timestamp: all its writes bear the same, so that of two concurrent
    /// transactions one wins every row.
    Hlc now();
    Result<void> put(const RowKey& at, const Row& before, Row after);
    const VersionVector& version() const;
    const VersionVector& floor() const;
    /// What a session has seen once this is committed, as far as it was written yet.
    SessionToken token() const;

    /// Makes it durable and visible, together. On an error nothing was kept.
    Result<void> commit();

    // For replication: what another replica's state brings. `Store::check_proofs` comes first.

    /// kBusy if the bucket is signed and was not when the proofs were checked.
    Result<void> expect_checked(bool as_signed) const;
    /// Joins a row as a replica at `theirs_at` has it.
    Result<void> join_row(const KeyedRow& theirs, const VersionVector& theirs_at);
    /// Drops from every row what a replica at `theirs_at` no longer has, except rows for which
    /// `kept` says yes: those that it sent.
    Result<void> drop_unsent(const VersionVector& theirs_at,
                             const std::function<Result<bool>(const RowKey&)>& kept);
    /// Moves V (and G) up after the rows of that cut have been joined. A floor that the V so
    /// reached does not cover changes nothing, and the commit fails with kCorrupt.
    void advance(const VersionVector& version, const VersionVector& floor);

    /// Keeps a sound head of another origin beside the events up to it, if it is newer than the one
    /// that is kept. Ignores one that is newer than V, and of an own identity. `confirmed`: it
    /// comes from the origin itself, which has confirmed what was kept (`Store::confirm_heads`).
    Result<void> keep_head(const ReplicaId& origin, const Head& head, bool confirmed);

    /// Drops those of the rows that still hold nothing but removals at or below `stable`, with
    /// their log entries, and raises G to what it dropped. Returns how many went.
    Result<std::size_t> collect(const std::vector<std::string>& places,
                                const VersionVector& stable);

    // For repairs.

    /// Mends a problem of the indexes (`check.hpp`) if it is still there; returns whether it was.
    /// Problems of the rows themselves are left as they are.
    Result<bool> mend(const check::Problem& problem);
    /// The row, empty if there is none; nothing if its record is damaged.
    Result<std::optional<Row>> readable_row(const RowKey& at);
    /// Unites a row with `row` (`unite`), whatever the log says: it is overwritten if its record is
    /// damaged. The index entries follow; of `named`, the writes that the log names for the row,
    /// those that it does not hold now lose their entries. Returns how many writes were added.
    /// kCorrupt, and nothing is changed, if another row holds one of them.
    Result<std::size_t> restore_row(const KeyedRow& row, const std::vector<Dot>& named);

    /// Earlier identities of this store that used names twice (`Store::renew_identity`). O(those).
    Result<std::set<ReplicaId>> forked();
    /// As `restore_row`, of a store with such identities: of two writes of one name the other
    /// replica's stays. What this store wrote under that name is written again under its present
    /// identity, in its own row: a value as a write that replaces the disputed one, a contribution
    /// as far as it goes beyond the other's. Returns how many writes were added or written again.
    Result<std::size_t> settle_row(const KeyedRow& theirs, const std::set<ReplicaId>& forked);

    /// Rows of an unfinished pull wait here, out of sight, one for each key. kBusy while a pull is
    /// folded in: its rows are here.
    Result<void> stage(const KeyedRow& row);
    Result<std::optional<KeyedRow>> staged(const RowKey& at);
    Result<void> each_staged(const std::function<Result<void>(const KeyedRow&)>& visit);
    /// Notes what it takes to go on with that pull, opaque here: how far the staged rows go.
    Result<void> mark_staged(std::string_view mark);
    /// What was noted last; empty if there is none. Whoever finds another mark than its own must
    /// leave the rows alone: they are somebody else's by now.
    Result<std::string> staged_mark();
    /// Drops the mark and up to `rows` of the staged rows; returns whether none is left.
    Result<bool> clear_staged(std::size_t rows);

    // Large pulls: visible at once, folded into the rows behind.

    /// Makes the staged rows show: as if each had been joined, and V and G advanced. `full`: rows
    /// that are not staged lose what `theirs_at` covers. `latest`: the highest timestamp in them.
    /// `accepted`: the origins whose events they may bring, ascending; nothing: those of all.
    /// O(1). kBusy if another pull is not folded yet; kCorrupt for a floor that V does not cover.
    Result<void> lay_over(const VersionVector& theirs_at, const VersionVector& floor, bool full,
                          Hlc latest, const std::optional<std::vector<ReplicaId>>& accepted = {});
    bool folding() const;
    /// Folds up to `rows` rows or about `bytes` of them; changes nothing that shows.
    Result<void> fold(std::size_t rows, std::size_t bytes);

  private:
    friend class Store;
    friend class StoreState;
    struct State;
    explicit WriteTransaction(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace kigumi
