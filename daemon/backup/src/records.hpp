#pragma once

#include <filesystem>
#include <optional>

#include "kigumi/replication/store.hpp"

/// What the store remembers of a target, for `kigumi status` and for collection.
namespace kigumi::backup {

/// How one path is written everywhere: absolute, without detours.
std::filesystem::path plain_path(const std::filesystem::path& path);

/// The record of the target that was last used at a path; the one that succeeded last if several
/// were (media that are changed).
Result<std::optional<BackupRecord>> record_at(Store& store, const std::filesystem::path& path);

/// The record of this target.
Result<std::optional<BackupRecord>> record_of(Store& store, const std::string& target);

/// Notes that a try failed, in the record as it was `before` it, or in a new one: of a target that
/// could not be reached no more than the path is known.
Result<void> note_failure(Store& store, const std::filesystem::path& path,
                          std::optional<BackupRecord> before, const Error& error);

/// Removes what was noted of a path. Returns whether there was anything.
Result<bool> forget_path(Store& store, const std::filesystem::path& path);

/// Replaces the record. What was noted while the target at this path had no id goes into it.
Result<void> note_success(Store& store, BackupRecord record);

}  // namespace kigumi::backup
