#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/replication/bundle.hpp"

/// What stands in a backup target: a directory of bundles and the `manifest.json` that chains them
/// (`docs/format/backup.md`).
namespace kigumi::backup {

/// One backup: a bundle, and what it builds on.
struct Entry {
    std::uint64_t number = 0;   ///< counts the target's backups, from 1; never used twice
    std::string file;           ///< the bundle's name in the target
    std::uint64_t bytes = 0;    ///< its size
    std::string checksum;       ///< XXH3 of its bytes, 16 hexadecimal digits
    std::uint64_t time_ms = 0;  ///< when it was begun, by the source's wall clock, ms since 1970
    ReplicaId source;
    std::optional<std::uint64_t> previous;  ///< the backup it adds to; a full one has none
    bundle::Versions versions;              ///< what is restored from it, by bucket
    std::uint64_t rows = 0;                 ///< in the bundle
    std::uint64_t row_bytes = 0;            ///< of them, before compression

    bool full() const { return !previous; }
    bool operator==(const Entry&) const = default;
};

/// The backups of a target.
struct KIGUMI_API Manifest {
    std::string target;          ///< the target's random id: 32 hexadecimal digits
    std::vector<Entry> entries;  ///< by number

    /// Null if there is none. O(log n).
    const Entry* find(std::uint64_t number) const;
    /// The backups that restoring this one takes: the full one first, this one last.
    std::vector<Entry> chain(const Entry& last) const;
    bool operator==(const Manifest&) const = default;
};

/// The manifest as it is stored; the inverse of parse_manifest.
KIGUMI_API std::string to_json(const Manifest& manifest);
/// Reads a manifest from anywhere; what does not fit together is an error that says what. An entry
/// can only build on an earlier one that is listed, so that every chain has an end.
KIGUMI_API Result<Manifest> parse_manifest(std::string_view text);

/// The manifest of the target in `directory`. kNotFound if there is none.
KIGUMI_API Result<Manifest> read_manifest(const std::filesystem::path& directory);

}  // namespace kigumi::backup
