#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/replication/store.hpp"

/// Bundles: what a replica holds, or what it got since a version, as one compressed file that is
/// checked block by block. A bundle is a pull whose answer went to a file; joining it does what the
/// pull would have done. `docs/format/bundle.md` gives the bytes.
///
/// Memory is constant whatever the size. Functions may be called from any thread.
namespace kigumi::bundle {

/// One bucket's part of a bundle: the rows with an event in (base, version].
struct Cut {
    std::string bucket;
    VersionVector base;  ///< empty: all rows, which can be joined to any replica
    VersionVector version;
    VersionVector floor;  ///< G when it was written
    std::uint64_t rows = 0;

    bool full() const { return base.empty(); }
};

/// What a bundle holds.
struct Summary {
    std::filesystem::path file;
    ReplicaId source;           ///< the replica that wrote it
    std::uint64_t time_ms = 0;  ///< when, by its wall clock, ms since 1970
    std::vector<Cut> cuts;      ///< by name of the bucket
    std::uint64_t rows = 0;
    std::uint64_t row_bytes = 0;   ///< of the stored rows and their keys, before compression
    std::uint64_t file_bytes = 0;  ///< of the bundle
    std::uint64_t checksum = 0;    ///< XXH3 of its bytes, once it was read or written to its end
};

/// Hears how far a long work is, in bytes. Called on the caller's thread, some hundred times.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// A version for each of some buckets, by name.
using Versions = std::map<std::string, VersionVector>;

/// How far the buckets of a store are, each at a moment of its own.
KIGUMI_API Result<Versions> versions(Store& store);

/// What goes into a bundle.
struct WriteOptions {
    Versions since;                     ///< by bucket; one that is not named is written in full
    std::optional<std::string> bucket;  ///< only this one; all if empty
    Progress progress;
    std::stop_token stop;  ///< ends the writing with kBusy; nothing is left of it then
};

/// Those of the versions that a bundle of this store can start from. It can not if the store has
/// dropped removals that are newer (`ReadTransaction::horizon`), or is itself not that far.
KIGUMI_API Result<Versions> reachable(Store& store, const Versions& since);

/// Writes a bundle: under another name first, then synced, read back as `verify` does and renamed,
/// so that the file is whole and can be read or is not there. An existing one is replaced. Writers
/// go on meanwhile; each bucket is one snapshot. A `since` that is not `reachable` is an error, as
/// is a stored row that fails its checksum.
KIGUMI_API Result<Summary> write(Store& store, const std::filesystem::path& file,
                                 const WriteOptions& options = {});

/// Reads a bundle through, checking every byte of it. Errors tell the offset.
KIGUMI_API Result<Summary> inspect(const std::filesystem::path& file,
                                   const Progress& progress = {});

/// The same, and that a new environment can be made of it: of a full bundle the log has to name
/// exactly the writes in the rows, which joining does not need.
KIGUMI_API Result<Summary> verify(const std::filesystem::path& file, const Progress& progress = {});

/// Joins bundles, in the order that their bases ask for; any number of times with the same result.
/// What each holds of a bucket becomes visible at once; if it is large it is put aside before and
/// folded in behind, so that local writers never wait long. kBusy: a node or another import needed
/// the place meanwhile; try again. Each file is checked whole before anything of it is
/// joined. One whose base the store does not cover is refused with what is missing. Returns what
/// was joined, in that order.
KIGUMI_API Result<std::vector<Summary>> import(Store& store,
                                               const std::vector<std::filesystem::path>& files,
                                               const Progress& progress = {});

/// Makes a new environment of bundles, the first of which has to be full: `directory` must not
/// exist or be empty, and appears when it is complete and durable. It gets an identity of its own
/// when it is opened. The fastest way in: rows and log are appended as they were stored.
KIGUMI_API Result<std::vector<Summary>> restore(const std::vector<std::filesystem::path>& files,
                                                const std::filesystem::path& directory,
                                                const Progress& progress = {});

/// Visits the rows of a bucket in a bundle, until `visit` says no. Rows come in no promised order,
/// each once.
KIGUMI_API Result<void> each_row(const std::filesystem::path& file, std::string_view bucket,
                                 const std::function<Result<bool>(const KeyedRow&)>& visit);

}  // namespace kigumi::bundle
