#pragma once

#include "kigumi/clocks/export.hpp"
#include "kigumi/daemon/backup_manifest.hpp"
#include "kigumi/replication/store.hpp"

/// A backup counts once it has been restored. A drill does that, beside the running store.
namespace kigumi::backup {

/// What to drill, and where.
struct DrillRequest {
    std::filesystem::path target;
    std::filesystem::path scratch;  ///< where to restore; the system's place for such if empty
};

/// What a drill has found.
struct DrillReport {
    Entry entry;                           ///< the backup that was restored: the newest
    double recovery_seconds = 0;           ///< RTO: until the restored store was open
    std::uint64_t recovery_bytes = 0;      ///< of rows that were read for it
    std::uint64_t age_ms = 0;              ///< RPO: how old the backup is
    std::uint64_t events_ahead = 0;        ///< RPO: what the store has that the backup lacks
    std::uint64_t rows = 0;                ///< of the restored store, each compared
    std::uint64_t changed_since = 0;       ///< of these, those that were written or collected since
    std::uint64_t wrong = 0;               ///< rows that differ without a reason
    std::vector<std::string> differences;  ///< the first of them, and whatever else is wrong

    bool passed() const { return differences.empty(); }
};

/// Restores the newest backup into a directory of its own, which goes afterwards, checks its
/// rows and indexes, and compares it with the store that was backed up, row by row *at the version
/// of the backup*: a row of the store without newer writes must be in the backup and the same; a
/// row of the backup that the store has otherwise, or lacks, must have been written or collected
/// since. The store is read in short snapshots and goes on meanwhile. What differs is no error but
/// in the report. O(rows).
KIGUMI_API Result<DrillReport> drill(Store& store, const DrillRequest& request);

}  // namespace kigumi::backup
