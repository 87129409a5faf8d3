#pragma once

#include <stop_token>

#include "kigumi/clocks/export.hpp"
#include "kigumi/daemon/backup_manifest.hpp"

/// A backup is a peer that is a file. A target is a directory: it holds bundles, the first of a
/// chain whole and the others what came since, and a manifest that names them. At any moment, a
/// crash included, the manifest names only bundles that are whole; what else a dead run left is
/// removed by the next. One process at a time writes to a target.
///
/// Functions may be called from any thread, and block for as long as the target's disk does.
namespace kigumi::backup {

/// Which backups to keep: those that any of the rules asks for, and what they build on. The newest
/// that can be restored is always kept. Without a rule everything is.
struct Retention {
    std::optional<std::uint64_t> keep;     ///< the newest so many, at least 1
    std::optional<std::uint64_t> keep_ms;  ///< those younger than this
    bool operator==(const Retention&) const = default;
};

/// By hand: long enough for somebody who makes a backup a day.
inline constexpr std::uint64_t kHoldByHandMs = std::uint64_t{24} * 3'600'000;
/// A chain with more incremental backups is ended by a full one, as is one in which these are
/// larger together than the full one: restoring takes longer with each.
inline constexpr std::size_t kMaxChain = 24;

/// What to back up to, and how.
struct Request {
    std::filesystem::path target;  ///< is created, but not what it stands in
    /// Make a full one, whatever could be left out. Where the target has gone since the last backup
    /// (deleted, or not mounted), only this begins a new one.
    bool full = false;
    std::uint64_t full_every_ms = 0;  ///< a full one also if the last is as old as this; 0: not so
    bool verify = false;              ///< read the new bundle through before it counts
    Retention retention;
    /// For how long removals that the target lacks stay in the store, so that the next backup can
    /// be incremental; 0: they do not.
    std::uint64_t hold_ms = kHoldByHandMs;
    std::stop_token stop;  ///< ends the run with kBusy, which is not remembered as a failure
};

/// What a backup has written.
struct Report {
    Entry entry;
    std::string why_full;     ///< why it could not be incremental; empty if it is
    std::size_t dropped = 0;  ///< backups that the retention no longer keeps
    double seconds = 0;
};

/// Backs a store up while others write to it: what has changed since the target's last backup, or
/// everything if that cannot be told any more. The outcome is remembered in the store
/// (`BackupRecord`), a failure as well. kBusy: another process writes to the target. A failed run
/// leaves the earlier backups as they are.
KIGUMI_API Result<Report> run(Store& store, const Request& request);

/// Forgets what the store knows of the target at a path, and what it holds back for it; the target
/// stays as it is. kNotFound if nothing is known. For a place that is no longer backed up to.
KIGUMI_API Result<void> forget(Store& store, const std::filesystem::path& target);

/// What the retention no longer keeps, of a manifest whose entries are `intact` or not (whether
/// their files are there). `now_ms`: since 1970. O(n²).
KIGUMI_API std::vector<std::uint64_t> to_drop(const Manifest& manifest, const Retention& retention,
                                              std::uint64_t now_ms,
                                              const std::vector<bool>& intact);

/// Reads every bundle of a target through and compares it with the manifest. Each string names one
/// thing that is wrong; none: all backups can be restored.
KIGUMI_API Result<std::vector<std::string>> verify(const std::filesystem::path& target);

}  // namespace kigumi::backup
