#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "kigumi/clocks/version_vector.hpp"

namespace kigumi {

/// What a node remembers of a place that it backs up to. Times are ms since 1970; 0: never.
struct BackupRecord {
    std::string target;  ///< the place's id: 32 hexadecimal digits
    std::string path;    ///< where it was last looked for
    /// What the place holds, by bucket. Until `hold_until_ms` removals that are newer stay here:
    /// the next incremental backup has to carry them.
    std::map<std::string, VersionVector> versions;
    std::uint64_t hold_until_ms = 0;
    std::uint64_t success_ms = 0;  ///< when the last backup was made
    bool full = false;             ///< whether that one was
    std::uint64_t bytes = 0;       ///< its file's size
    std::string error;             ///< of the last try that failed, also if one succeeded since
    std::uint64_t error_ms = 0;    ///< when that ended
    std::uint64_t next_ms = 0;     ///< when the next is due; 0 if nobody makes them on schedule

    /// Whether the last try failed.
    bool failing() const { return error_ms > success_ms; }
    bool operator==(const BackupRecord&) const = default;
};

}  // namespace kigumi
