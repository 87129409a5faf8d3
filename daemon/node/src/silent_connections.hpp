#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connection_limits.hpp"
#include "peer_name.hpp"

namespace kigumi {

/// A connection that has not said anything yet.
struct SilentConnection {
    int descriptor;
    std::uint64_t since_ms;
    PeerName from;
};

/// The descriptors to hang up on, so that the rest keeps the limits.
///
/// A flood comes from few places, honest newcomers come from anywhere: among too many, a connection
/// goes that comes from the site, and there from the range of addresses, that has the most; of
/// these the oldest. O(n²) in what is over the limits.
std::vector<int> surplus_of(std::vector<SilentConnection> silent, const ConnectionLimits& limits);

}  // namespace kigumi
