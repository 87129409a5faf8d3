#pragma once

#include <filesystem>

#include "kigumi/clocks/export.hpp"
#include "kigumi/replication/kv.hpp"

namespace kigumi::kv {

/// How an environment uses memory and disk.
struct LmdbOptions {
    /// Address space reserved at open. It grows by itself; the file grows only with the data.
    std::uint64_t map_bytes = std::uint64_t{64} << 30;
    /// Writes are refused (kFull) while the file system has less free space than this, and accepted
    /// again as soon as it has more: a disk that runs full in the middle of a commit is worse.
    std::uint64_t min_free_bytes = std::uint64_t{64} << 20;
    /// Off only for an environment that nobody sees before `Env::sync` has succeeded: commits
    /// return before they are on disk, and a crash of the machine may leave it unusable.
    bool durable = true;
};

/// Opens, or creates, the LMDB environment in a directory.
///
/// Several processes may share the directory; within a process, open it once and share the Env
/// (a second open is refused: closing either would drop the locks of both). Concurrent writers of a
/// process are grouped: those that wait while one commit is written share the next, and its fsync.
/// A failed commit fails every writer in its group, and the environment reopens itself before the
/// next. Not usable after fork, nor on network file systems.
KIGUMI_API Result<std::unique_ptr<Env>> open_lmdb(const std::filesystem::path& directory,
                                                  LmdbOptions options = {});

}  // namespace kigumi::kv
