#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "kigumi/crdt/proof.hpp"

namespace kigumi {

/// The newest entry of an origin's hash chain over its transactions in a bucket, signed by the
/// origin: "my event `counter` ended a transaction, and everything up to it hashes to `hash`".
///
/// Nobody else can make one. So a head of a store's own identity that is not on the store's chain
/// proves that the store has gone back in time, or that its key is used twice
/// (`docs/protocol.md`, "Identity").
struct Head {
    static constexpr std::size_t kHashSize = 16;
    using Hash = std::array<std::uint8_t, kHashSize>;

    std::uint64_t counter = 0;  ///< of the last event of the transaction; at least 1
    Hash hash{};
    Proof proof;  ///< the origin's public key, and its signature

    std::string_view hash_bytes() const {
        return {reinterpret_cast<const char*>(hash.data()), hash.size()};
    }
    bool operator==(const Head&) const = default;
};

/// What a store's own chain says of a head.
enum class HeadStanding : std::uint8_t {
    kForeign,  ///< of another identity, or not signed by this one: it says nothing
    kOnChain,  ///< this store made that transaction
    kUnknown,  ///< it is older than what the chain still holds, and cannot be compared
    kAhead,    ///< signed by this identity, and newer than all that it wrote here
    kForked,   ///< signed by this identity, and another transaction than the one made here
};

}  // namespace kigumi
