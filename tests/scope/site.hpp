#pragma once

#include <array>
#include <memory>
#include <stdexcept>

#include "kigumi/replication/memory_env.hpp"
#include "protocol/acknowledgements.hpp"
#include "protocol/push.hpp"
#include "scope.hpp"

namespace kigumi::scope {

/// A broken promise.
struct Violation : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// An event as the history keeps it, and whether a transaction ends with it.
struct Event {
    RowKey at;
    sim::History::Event event;
    bool last = false;
};
/// Numbers of events, in the order of their dots.
using Past = std::vector<std::uint32_t>;

/// Everything that one replica is at one moment: what is on its disk, and what it would forget in a
/// crash.
struct Site {
    unsigned replica = 0;
    std::shared_ptr<const kv::MemoryEnv::Tables> tables;
    std::shared_ptr<const HeldPushes> held;  ///< null if none
    std::vector<std::uint32_t> held_names;   ///< the messages that were added to `held`
    Acknowledgements acknowledgements{{}};   ///< what the others have said that they hold

    // What follows from the above and from the history.
    VersionVector version;
    Past past;  ///< the events that `version` covers
};

/// A push on its way.
struct Flight {
    std::string bytes;
    std::string text;  ///< the events that it brings
    unsigned sender = 0;
    Past past;  ///< of the sender
};

}  // namespace kigumi::scope
