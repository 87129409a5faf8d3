#include "audit.hpp"

#include <xxhash.h>

#include <algorithm>
#include <optional>

#include "../row_record.hpp"
#include "kigumi/crdt/defect.hpp"

namespace kigumi::audit {
namespace {

bool covers_all(const VersionVector& version, const Row& row) {
    return std::all_of(row.begin(), row.end(),
                       [&version](const Write& write) { return version.covers(write.dot); });
}

/// Whether each side has seen all that the other has collected. Otherwise a row that one side lacks
/// may have been removed by a write that the other has not seen.
bool comparable(const VersionVector& version, const VersionVector& floor, const Theirs& theirs) {
    return KIGUMI_DEFECT(kAuditIgnoresVersions) ||
           (version.covers(theirs.floor) && theirs.version.covers(floor));
}

/// Whether rows that ought to be equal are not.
bool differ(const Row& ours, const VersionVector& ours_at, const Row& theirs,
            const VersionVector& theirs_at) {
    if (ours == theirs || (ours.removed() && theirs.removed())) return false;
    return KIGUMI_DEFECT(kAuditIgnoresVersions) ||
           (covers_all(ours_at, theirs) && covers_all(theirs_at, ours));
}

/// What can be told to others of a row here; null if its record is damaged, or nobody else would
/// believe it.
const KeyedRow* readable(const ReadTransaction::PlacedRow& placed) {
    const bool uncovered = std::any_of(
        placed.problems.begin(), placed.problems.end(),
        [](const auto& problem) { return problem.kind == check::Kind::kUncoveredWrite; });
    return placed.row && !uncovered ? &*placed.row : nullptr;
}

bool lacks(const Row& row, const Row& other) { return unite(row, other) != row; }

/// A row here as it was read: nothing if it is damaged.
using Ours = std::map<std::string, std::optional<KeyedRow>>;

Result<Ours> read_ours(ReadTransaction& snapshot, const Range& range, bool whole,
                       const Theirs& theirs) {
    Ours ours;
    if (whole) {
        KIGUMI_CHECK(snapshot.walk_rows(range.from, [&](const ReadTransaction::PlacedRow& placed) {
            if (!range.holds(placed.place)) return false;
            ours.emplace(placed.place, placed.row);
            return true;
        }));
        return ours;
    }
    for (const auto& entry : theirs.rows) {
        const std::string& place = entry.first;
        KIGUMI_CHECK(snapshot.walk_rows(place, [&](const ReadTransaction::PlacedRow& placed) {
            if (placed.place == place) ours.emplace(place, placed.row);
            return false;
        }));
    }
    return ours;
}

/// What the log names for rows that cannot be read. O(log).
using Named = std::map<std::string, std::vector<Dot>>;

Result<void> read_log(ReadTransaction& snapshot, Named& named) {
    if (named.empty()) return {};
    std::string cursor;
    return snapshot.each_log_entry(cursor, ~std::size_t{0},
                                   [&named](const Dot& dot, std::string_view place) {
                                       const auto it = named.find(std::string(place));
                                       if (it != named.end()) it->second.push_back(dot);
                                   });
}

/// A damaged row can be overwritten by that of a replica that has seen all that was in it.
bool can_replace(const std::vector<Dot>& named, const Row& theirs, const VersionVector& theirs_at) {
    return !theirs.empty() && std::all_of(named.begin(), named.end(),
                                          [&](const Dot& dot) { return theirs_at.covers(dot); });
}

/// The writes that a version covers.
KeyedRow covered(const KeyedRow& keyed, const VersionVector& version) {
    KeyedRow part{keyed.at, Row()};
    for (const Write& write : keyed.row)
        if (version.covers(write.dot)) part.row.insert(write);
    return part;
}

/// Adds what theirs has to our row, if they still differ.
Result<std::size_t> take(WriteTransaction& txn, const KeyedRow& theirs, const Theirs& all,
                         const std::vector<Dot>* named, const std::set<ReplicaId>& forked) {
    if (!comparable(txn.version(), txn.floor(), all)) return std::size_t{0};
    KIGUMI_TRY(const auto ours, txn.readable_row(theirs.at));
    if (KIGUMI_DEFECT(kAuditIntersects) && ours) {
        KIGUMI_CHECK(txn.join_row(theirs, all.version));
        return std::size_t{1};
    }
    if (!ours) {
        if (named == nullptr || !can_replace(*named, theirs.row, all.version))
            return std::size_t{0};
        // Later writes come by a pull, which the damaged row would not let through.
        return txn.restore_row(covered(theirs, txn.version()), *named);
    }
    if (!differ(*ours, txn.version(), theirs.row, all.version)) return std::size_t{0};
    return forked.empty() ? txn.restore_row(theirs, {}) : txn.settle_row(theirs, forked);
}

}  // namespace

Result<Digest> digest(ReadTransaction& snapshot, const Range& range, const Limits& limits) {
    Digest digest;
    digest.upto = range.to;
    BatchWriter content;
    std::size_t visited = 0;
    std::uint64_t damaged = 0;
    KIGUMI_CHECK(snapshot.walk_rows(range.from, [&](const ReadTransaction::PlacedRow& placed) {
        if (!range.holds(placed.place)) return false;
        if (visited == limits.rows || content.bytes() >= limits.bytes) {
            digest.upto = placed.place;
            return false;
        }
        ++visited;
        const KeyedRow* const keyed = readable(placed);
        if (keyed == nullptr) ++damaged;
        if (keyed != nullptr && !keyed->row.removed()) content.add(*keyed);
        digest.problems.insert(digest.problems.end(), placed.problems.begin(),
                               placed.problems.end());
        return true;
    }));
    digest.rows = content.rows();
    // The table of a batch goes by the order of its rows: equal rows, equal bytes.
    const std::string bytes = content.finish();
    digest.hash = XXH3_64bits_withSeed(bytes.data(), bytes.size(), damaged);
    return digest;
}

Result<Rows> rows(ReadTransaction& snapshot, const Range& range, const Limits& limits,
                  std::size_t max_row_bytes) {
    Rows rows;
    rows.upto = range.to;
    BatchWriter batch;
    std::size_t visited = 0;
    KIGUMI_CHECK(snapshot.walk_rows(range.from, [&](const ReadTransaction::PlacedRow& placed) {
        if (!range.holds(placed.place)) return false;
        const KeyedRow* const keyed = readable(placed);
        const bool too_large = keyed != nullptr && encode_batch({*keyed}).size() > max_row_bytes;
        if (rows.skipped || visited == limits.rows || batch.bytes() >= limits.bytes ||
            (too_large && visited > 0)) {
            rows.upto = placed.place;
            return false;
        }
        ++visited;
        rows.skipped = too_large;
        if (keyed == nullptr) rows.damaged.emplace_back(placed.place);
        if (keyed != nullptr && !too_large) batch.add(*keyed);
        return true;
    }));
    rows.batch = batch.finish();
    return rows;
}

Result<void> unpack(const std::string& batch, const Range& range, Theirs& theirs) {
    KIGUMI_TRY(auto rows, decode_batch(batch));
    std::set<Dot> dots;
    for (KeyedRow& keyed : rows) {
        for (const Write& write : keyed.row)
            if (!dots.insert(write.dot).second || !theirs.version.covers(write.dot))
                return fail(ErrorCode::kCorrupt,
                            "an audit carries a write twice, or one that its vector does not "
                            "cover");
        std::string place = store_key(keyed.at).bytes;
        if (!range.holds(place))
            return fail(ErrorCode::kCorrupt, "an audit answers with a row of another range");
        if (!theirs.rows.try_emplace(std::move(place), std::move(keyed)).second)
            return fail(ErrorCode::kCorrupt, "an audit carries a row twice");
    }
    return {};
}

Result<Outcome> settle(Store& store, const std::string& bucket, const Range& range, bool whole,
                       const Theirs& theirs) {
    Outcome outcome;
    Named named;
    std::map<std::string, Outcome::Difference> found;
    {
        KIGUMI_TRY(ReadTransaction snapshot, store.read(bucket));
        const VersionVector& version = snapshot.version();
        if (snapshot.folding()) return outcome;
        if (!comparable(version, snapshot.floor(), theirs)) return outcome;
        KIGUMI_TRY(const Ours ours, read_ours(snapshot, range, whole, theirs));
        for (const auto& [place, keyed] : ours)
            if (!keyed) named[place];
        KIGUMI_CHECK(read_log(snapshot, named));
        const KeyedRow none;
        for (const auto& [place, keyed] : theirs.rows) {
            const auto it = ours.find(place);
            const bool damaged = it != ours.end() && !it->second;
            if (damaged ? can_replace(named[place], keyed.row, theirs.version)
                        : differ(it == ours.end() ? Row() : it->second->row, version, keyed.row,
                                 theirs.version))
                found[place] = {keyed.at, 0,
                                !damaged && it != ours.end() && lacks(keyed.row, it->second->row)};
        }
        for (const auto& [place, keyed] : ours) {
            if (!keyed || theirs.rows.contains(place)) continue;
            if (theirs.damaged.contains(place))
                outcome.damaged_there.push_back(keyed->at);
            else if (differ(keyed->row, version, Row(), theirs.version))
                found[place] = {keyed->at, 0, true};
        }
    }
    if (found.empty() && !KIGUMI_DEFECT(kAuditAdvances)) return outcome;
    KIGUMI_TRY(WriteTransaction txn, store.write(bucket));
    KIGUMI_CHECK(txn.expect_checked(theirs.as_signed));
    if (txn.folding()) return outcome;
    KIGUMI_TRY(const std::set<ReplicaId> forked, txn.forked());
    for (auto& [place, difference] : found) {
        const auto it = theirs.rows.find(place);
        if (it == theirs.rows.end() && forked.empty() && !KIGUMI_DEFECT(kAuditIntersects)) continue;
        const auto dots = named.find(place);
        const KeyedRow row = it == theirs.rows.end() ? KeyedRow{difference.at, Row()} : it->second;
        const auto taken =
            take(txn, row, theirs, dots == named.end() ? nullptr : &dots->second, forked);
        if (!taken && taken.error().code != ErrorCode::kCorrupt)
            return tl::unexpected<Error>(taken.error());
        if (taken)
            difference.taken = *taken;
        else
            outcome.refused.push_back(taken.error());
    }
    if (KIGUMI_DEFECT(kAuditAdvances)) txn.advance(theirs.version, {});
    KIGUMI_CHECK(txn.commit());
    for (auto& [place, difference] : found) outcome.differences.push_back(std::move(difference));
    return outcome;
}

}  // namespace kigumi::audit
