#pragma once

#include <cstddef>
#include <cstdint>

namespace kigumi {

/// How many connections may stand that others have opened. One descriptor each.
struct ConnectionLimits {
    /// Whose first message has come, and those of one key among them. Nodes may share a key.
    std::size_t accepted = 1'024;
    std::size_t of_key = 64;
    /// Which have not said anything yet: over all, of one range of addresses, and of one address. A
    /// handshake takes milliseconds and a greeting follows at once, so that even a whole cluster
    /// behind one address stays below.
    std::size_t silent = 256;
    std::size_t silent_of_range = 128;
    std::size_t silent_of_host = 64;

    bool operator==(const ConnectionLimits&) const = default;
};

/// Descriptors that a process needs for the whole of the default limits.
std::uint64_t wanted_descriptors();

/// The limits that a process with so many descriptors can keep: smaller ones leave room for the
/// store, for peers that are dialled and for connections that were accepted a moment ago.
ConnectionLimits limits_within(std::uint64_t descriptors);

}  // namespace kigumi
