#pragma once

#include <filesystem>

#include "kigumi/replication/session_token.hpp"

/// The file of `--session`: what a session has seen, from one command to the next.
namespace kigumi::cli {

/// The token in the file; an empty one if there is no such file yet.
Result<SessionToken> read_session(const std::filesystem::path& file);

/// Adds to what the file holds, durably and as one step; commands that share a file take turns.
Result<void> add_to_session(const std::filesystem::path& file, const SessionToken& seen);

}  // namespace kigumi::cli
