#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/replication/store.hpp"

/// Checks a store row by row and entry by entry, and mends what can be mended.
///
/// A bucket's clock is sound if V covers its floor G and its horizon.
/// A row is sound if its record fits its checksum, V covers its writes and, in a signed bucket, all
/// bear proofs of their origins; the indexes are if each
/// write has exactly one log entry, each log entry names a row that holds its write, and `removed`
/// holds exactly the rows of removals only. Memory is constant but for the problems that are
/// listed. Other processes may write meanwhile. Functions may be called from any thread.
namespace kigumi::check {

/// What can be wrong with a row or an index entry.
enum class Kind : std::uint8_t {
    kDamagedRecord,        ///< the row's record fails its checksum or cannot be decoded
    kUncoveredWrite,       ///< a row holds a write that V does not cover
    kWriteInTwoRows,       ///< … a write that another row holds as well
    kMissingLogEntry,      ///< … a write that the log does not name
    kStrayLogEntry,        ///< a log entry names a row that does not hold its write
    kLostRow,              ///< a log entry names a row that is not there, though V covers the write
    kMissingRemovedEntry,  ///< `removed` lacks a row that holds nothing but removals
    kStrayRemovedEntry,    ///< `removed` names a row that is not there or holds more
    kUnprovenWrite,        ///< a row of a signed bucket holds a write without a sound proof
    kFloorAboveVersion,    ///< the bucket's floor, or horizon, names events that V does not cover
};

/// The kind as one word, such as "damaged_record".
KIGUMI_API std::string_view name_of(Kind kind);

/// One thing that is wrong.
struct Problem {
    Kind kind = Kind::kDamagedRecord;
    std::string bucket;
    RowKey at;  ///< of a row that cannot be read and has long names, only their beginnings
    std::optional<Dot> dot;  ///< the write, if it is about one; what the floor names, if about that
    bool repaired = false;
    std::string place;  ///< the row's key in its table, behind the bucket
    std::string entry;  ///< the key of the log or clock entry, if it is about one
};

/// The problem as a sentence that says what to do where `repair` cannot help.
KIGUMI_API std::string describe(const Problem& problem);

/// Where an inspection goes on (`ReadTransaction::inspect`).
struct Position {
    kv::Table table = kv::Table::kClock;
    std::string key;  ///< the first that is to be looked at; empty: from the beginning
    bool done = false;
    std::uint64_t looked_at = 0;  ///< rows and index entries so far
};

/// Hears how many rows and index entries have been looked at. Called on the caller's thread. The
/// total is that of all buckets.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// What to look at, and how much of it to tell.
struct Options {
    std::optional<std::string> bucket;  ///< only this one; all if empty
    std::size_t max_listed = 1'000;     ///< further problems are counted only
    /// A snapshot is kept for so long, in ms, so that the pages that writers free can be reused.
    std::uint64_t snapshot_ms = 500;
    Progress progress;
};

/// What was found.
struct Report {
    std::vector<Problem> problems;  ///< the first `max_listed`
    std::uint64_t found = 0;        ///< all of them
    std::uint64_t repaired = 0;     ///< of those found
    std::uint64_t looked_at = 0;    ///< rows and index entries

    bool sound() const { return found == repaired; }
};

/// Looks at everything and finds all problems, each by one snapshot in which it is there. Fails if
/// the store cannot be read, or has no bucket of that name. O(rows · log rows).
KIGUMI_API Result<Report> run(Store& store, const Options& options = {});

/// Visits rows of a bucket as another store has had them, in any order, until `visit` says no.
using Rows = std::function<Result<void>(std::string_view bucket,
                                        const std::function<Result<bool>(const KeyedRow&)>& visit)>;

/// Does what `run` does and mends what it finds, each in a transaction of its own: a floor or
/// horizon above V is cut to V, at which it costs peers that are behind a full pull and loses
/// nothing; the indexes from the rows; and rows that are damaged, lost or lack writes from
/// `sources`, if a row there holds exactly the writes that the log names for it. At most
/// `max_listed` such rows in one call. What is left of them needs a peer, whose audit repairs them
/// in a running cluster, or another source. No row is ever removed, and of a row no write.
KIGUMI_API Result<Report> repair(Store& store, const std::vector<Rows>& sources,
                                 const Options& options = {});

}  // namespace kigumi::check
