#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "kigumi/replication/check.hpp"
#include "kigumi/replication/store.hpp"

/// Comparing what two replicas hold, and uniting it where it must not differ (`docs/protocol.md`,
/// "Audit").
namespace kigumi::audit {

/// Rows in the order of their places: [from, to). An empty `to` stands for the end of the bucket.
struct Range {
    std::string from;
    std::string to;

    bool holds(std::string_view place) const { return place >= from && (to.empty() || place < to); }
};

/// How much is looked at in one step.
struct Limits {
    std::size_t rows;
    std::size_t bytes;
};

/// The hash of some rows, the same on every replica that holds the same.
struct Digest {
    std::string upto;        ///< where it ended: at the range's end, or earlier at a limit
    std::uint64_t hash = 0;  ///< over the rows that show something
    std::uint64_t rows = 0;  ///< how many those are
    std::vector<check::Problem> problems;
};
/// Rows of removals only are left out: replicas collect them at different times. A damaged record
/// makes the hash differ from that of any replica that can read it.
Result<Digest> digest(ReadTransaction& snapshot, const Range& range, const Limits& limits);

/// The rows of a range, to be sent.
struct Rows {
    std::string upto;      ///< they are all of [from, upto)
    bool skipped = false;  ///< a row there is larger than the limit; nothing is said of it
    std::string batch;
    std::vector<std::string> damaged;  ///< places of damaged records
};
/// At most `limits`, but at least one row if that has at most `max_row_bytes`.
Result<Rows> rows(ReadTransaction& snapshot, const Range& range, const Limits& limits,
                  std::size_t max_row_bytes);

/// What another replica has, at its V and G.
struct Theirs {
    std::map<std::string, KeyedRow> rows;  ///< by place
    VersionVector version;
    VersionVector floor;
    std::set<std::string> damaged;  ///< places where it cannot read what it has
    bool as_signed = false;         ///< the proofs of all writes were checked
};
/// Unpacks and checks rows from anybody: kCorrupt if they are not all in the range, once, with
/// writes that `theirs.version` covers.
Result<void> unpack(const std::string& batch, const Range& range, Theirs& theirs);

struct Outcome {
    struct Difference {
        RowKey at;
        std::size_t taken = 0;  ///< writes that were added here
        bool lacking = false;   ///< the other replica lacks writes that this one has
    };
    std::vector<Difference> differences;
    std::vector<RowKey> damaged_there;  ///< rows that are fine here and damaged there
    std::vector<Error> refused;         ///< why rows of theirs were not taken
};
/// Compares the rows of a range (all of ours there, if `whole`; otherwise those that they have) and
/// adds to ours what they lack, in one transaction. A difference counts only if each side covers
/// every write of both rows, and the other's G: everything else is the other's V being another. V
/// does not move, and nothing is removed. A row of theirs with a write that is in another row here
/// is refused. A store that used names twice settles what both have of such a name
/// (`WriteTransaction::settle_row`), which makes new writes.
Result<Outcome> settle(Store& store, const std::string& bucket, const Range& range, bool whole,
                       const Theirs& theirs);

}  // namespace kigumi::audit
