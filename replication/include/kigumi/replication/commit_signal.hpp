#pragma once

#include <filesystem>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/result.hpp"
#include "kigumi/replication/files.hpp"

/// How a commit by any process of a node wakes the node's daemon: a datagram to a socket in the
/// data directory. It is a hint; the daemon also polls the last transaction's id.
namespace kigumi::commit_signal {

/// Binds the directory's socket and returns it (non-blocking).
/// The caller must hold the directory's daemon lock: an old socket is replaced.
KIGUMI_API Result<files::Descriptor> listen(const std::filesystem::path& directory);

/// Wakes the listener of the directory, if there is one. Never blocks, never fails.
KIGUMI_API void send(const std::filesystem::path& directory);

/// Tells the listener that somebody waits for what peers confirm: for a second it is to be written
/// down as it comes.
KIGUMI_API void ask_for_confirmations(const std::filesystem::path& directory);

/// What the listener was woken for.
struct Heard {
    bool anything = false;
    bool confirmations_wanted = false;
};
/// Takes all signals that have come to a socket of `listen`.
KIGUMI_API Heard hear(int socket);

}  // namespace kigumi::commit_signal
