#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "kigumi/crdt/result.hpp"

namespace kigumi::schema {

/// The file that an environment lives in. A replica id belongs to one: a copy must not write under
/// the id of its original.
///
/// The number of the device is none of it: that changes when disks are numbered anew, and with each
/// mount of a loop device, an overlay or a subvolume. It is kept for earlier versions, which look
/// at it.
struct Place {
    static constexpr std::size_t kNonceBytes = 16;

    std::uint64_t device = 0;
    std::uint64_t inode = 0;     ///< of data.mdb
    std::uint64_t birth_ns = 0;  ///< when data.mdb was created, ns since 1970; 0: unknown
    std::string nonce;           ///< of the file beside data.mdb; empty: there is none
    bool operator==(const Place&) const = default;

    /// Whether an environment that was at `noted` when it was opened last is the one that is here,
    /// and not a copy. The birth time decides between files of one inode number; where the file
    /// system has none, the nonce does, which stays behind if only data.mdb is copied.
    bool same_file(const Place& noted) const;
};

/// Where the environment of a directory is; nothing is known of one in memory (an empty path).
Place place_of(const std::filesystem::path& directory);
/// Puts the nonce beside the environment, durably.
Result<void> write_nonce(const std::filesystem::path& directory, const std::string& nonce);

/// Opens it to the group of a directory that is the group's by now (`files::share`).
void share_nonce(const std::filesystem::path& directory);

}  // namespace kigumi::schema
