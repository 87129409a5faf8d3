#pragma once

#include "kigumi/daemon/backup_manifest.hpp"
#include "kigumi/replication/files.hpp"

/// The directory behind the manifest: names, locks, and what a crash can leave.
namespace kigumi::backup {

inline constexpr const char* kManifestName = "manifest.json";

/// A name for a target that no other has.
Result<std::string> fresh_target_id();
/// The name of a backup's file.
std::string bundle_name(std::uint64_t number, bool full);
/// The checksum of a bundle as the manifest tells it: 16 hexadecimal digits.
std::string checksum_text(std::uint64_t checksum);
/// Whether a name is one that `bundle_name` gives. Nothing else is ever written or removed.
bool is_bundle_name(std::string_view name);

/// Whether the file of an entry is there, whole as far as its size tells.
bool is_intact(const std::filesystem::path& directory, const Entry& entry);

/// A target that nobody else writes to.
class TargetWriter {
  public:
    /// Opens the target, or makes a new one with a random id (`create`). Removes what a run that
    /// died has left. kBusy if another process writes to it; kNotFound if there is none.
    static Result<TargetWriter> open(const std::filesystem::path& directory, bool create);

    const std::filesystem::path& directory() const { return directory_; }
    const Manifest& manifest() const { return manifest_; }
    /// Which entries' files are there, by their order.
    std::vector<bool> intact() const;
    /// The number that the next backup bears.
    std::uint64_t next_number() const;
    /// Replaces the manifest, then removes the files that it no longer names: not while somebody
    /// reads from the target; the next run does then.
    Result<void> put(Manifest manifest);

  private:
    void remove_strays() const;

    std::filesystem::path directory_;
    files::Lock lock_;
    Manifest manifest_;
};

/// A target that somebody reads from: nothing that the manifest names goes away meanwhile.
class TargetReader {
  public:
    static Result<TargetReader> open(const std::filesystem::path& directory);

    const Manifest& manifest() const { return manifest_; }
    std::filesystem::path file(const Entry& entry) const { return directory_ / entry.file; }
    /// The files to restore an entry from. An error names one that is missing or of another size.
    Result<std::vector<std::filesystem::path>> files(const Entry& last) const;

  private:
    std::filesystem::path directory_;
    files::Lock lock_;
    Manifest manifest_;
};

}  // namespace kigumi::backup
