#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kigumi/clocks/export.hpp"
#include "kigumi/clocks/replica_id.hpp"

namespace kigumi::membership {

/// What is believed of a member, in the order in which beliefs of one incarnation replace each
/// other. `kLeft`: it said so itself.
enum class Liveness : std::uint8_t { kAlive, kSuspect, kDown, kLeft };

/// `alive`, `suspect`, `down` or `left`.
KIGUMI_API std::string_view name_of(Liveness liveness);

/// Where a member is reached.
struct Contact {
    ReplicaId replica;    ///< all zeros if only the address is known
    std::string address;  ///< `HOST:PORT` as others reach it
    std::string key;      ///< its public key (Z85), empty without encryption; opaque here
    bool leaf = false;    ///< it relays nothing; nobody chooses it as a neighbour

    bool operator==(const Contact&) const = default;
};

/// An opinion: it steers dialling and sending, and decides neither safety nor collection. Who
/// belongs to the cluster is another list, which is replicated data: `kigumi::members`.
struct Member {
    Contact contact;
    /// Raised by the member itself when it denies being suspect or down, and by each start.
    std::uint64_t incarnation = 0;
    Liveness liveness = Liveness::kAlive;
    std::uint64_t changed_ms = 0;  ///< when `liveness` last changed, by the caller's clock
    std::string told_by{};         ///< the key of who told `contact`; empty without encryption

    bool operator==(const Member&) const = default;
};

}  // namespace kigumi::membership
