#pragma once

#include <filesystem>
#include <map>

#include "kigumi/replication/store.hpp"

namespace kigumi::cli {

/// Whether a daemon serves the directory.
bool daemon_runs(const std::filesystem::path& directory);

/// What the running daemon believes of other nodes; nothing if none runs, since what the last one
/// believed may be long out of date.
Result<std::map<ReplicaId, ContactRecord>> opinions(Store& store);

}  // namespace kigumi::cli
