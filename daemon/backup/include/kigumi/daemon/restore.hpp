#pragma once

#include "kigumi/clocks/export.hpp"
#include "kigumi/daemon/backup_manifest.hpp"

/// From a backup target back to an environment.
namespace kigumi::backup {

/// What to restore, to where and as of when.
struct RestoreRequest {
    std::filesystem::path target;
    std::filesystem::path into;  ///< must not exist or be empty; appears when all is in it
    /// As of this moment, ms since 1970: between the oldest and the newest backup. The newest one
    /// if empty.
    std::optional<std::uint64_t> at_ms;
};

/// What was undone to come to a moment between two backups.
struct Undone {
    std::uint64_t rows =
        0;  ///< rows that were written after the moment, and are as before it again
    /// At most so many of these may have had a state between the earlier backup and the moment that
    /// no backup shows; they have the one of the earlier backup.
    std::uint64_t uncertain = 0;
    /// Rows whose concurrent values were joined into the one that a reader saw.
    std::uint64_t siblings = 0;
    bool operator==(const Undone&) const = default;
};

/// What was restored.
struct RestoreReport {
    Entry entry;              ///< the backup that was restored
    std::size_t bundles = 0;  ///< that were read for it
    std::uint64_t rows = 0;   ///< in them
    std::uint64_t row_bytes = 0;
    double seconds = 0;
    std::optional<Undone> undone;  ///< if the moment was not that of a backup
};

/// Makes an environment of a target's backups. It is a replica of its own, with a new identity,
/// that may join the cluster: what it lacks comes from there.
///
/// At the time of a backup the result is exact: the rows at the version of that backup. At a moment
/// between two, the later of them is restored, and what was written after the moment, by the
/// writes' own timestamps, is undone by new writes: each such row becomes what it was in the
/// earlier backup, with the writes until the moment that the later one still shows. A state that
/// both came and was replaced between the two is in no backup; `Undone::uncertain` bounds how many
/// rows that can concern. Writes of other replicas count as far as the source knew them by the
/// later backup. The list of members is not undone.
///
/// A moment before the oldest or after the newest backup is an error that names the range. Nothing
/// is left behind if it fails. A bundle that is torn or altered is named with the place. Costs one
/// pass over the bundles and the rows; for a moment between two, that twice, and as much room again
/// beside `into`.
KIGUMI_API Result<RestoreReport> restore(const RestoreRequest& request);

}  // namespace kigumi::backup
