#pragma once

#include <cstdint>
#include <string>

#include "kigumi/clocks/replica_id.hpp"

namespace kigumi {

/// Another node as the running one has met it: where it is reached, and what is believed of it at
/// present. An opinion, not the list of members: that one is replicated (`members.hpp`).
struct ContactRecord {
    ReplicaId replica;
    std::string address;           ///< `HOST:PORT`
    std::string key;               ///< its public key, empty without encryption
    std::string opinion;           ///< `alive`, `suspect`, `down` or `left`
    std::uint64_t changed_ms = 0;  ///< since when, ms since 1970

    bool operator==(const ContactRecord&) const = default;
};

}  // namespace kigumi
