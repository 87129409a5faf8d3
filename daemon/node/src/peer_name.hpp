#pragma once

#include <cstdint>
#include <string>

namespace kigumi {

/// Where the other end of a TCP connection is, and which ranges of addresses that belongs to: one
/// machine may have all the addresses of a range.
struct PeerName {
    std::string host;   ///< numeric; empty: not a TCP connection, or one that is over
    std::string range;  ///< IPv4 /24, IPv6 /64
    std::string site;   ///< IPv4 /16, IPv6 /48
};

PeerName peer_name(int descriptor);

/// Identifies the socket of a descriptor as long as it exists; 0 if the descriptor has none.
std::uint64_t socket_inode(int descriptor);

}  // namespace kigumi
