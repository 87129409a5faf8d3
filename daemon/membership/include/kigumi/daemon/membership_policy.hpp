#pragma once

#include <string_view>

#include "kigumi/clocks/replica_id.hpp"
#include "kigumi/crdt/result.hpp"

namespace kigumi {

/// Whose word a failure detector believes, by the keys (Z85) that connections have shown. Asked for
/// every message, on the detector's thread; each answer should cost no I/O, but for the first claim
/// of a replica.
class MembershipPolicy {
  public:
    virtual ~MembershipPolicy() = default;

    /// Whether the holder may get in and be spoken to.
    virtual bool is_listed(std::string_view key) const = 0;
    /// Whether what the holder says of other nodes is believed.
    virtual bool may_gossip(std::string_view key) const = 0;
    /// Whether both keys are one peer's.
    virtual bool is_same_peer(std::string_view one, std::string_view other) const = 0;
    /// The holder says that it is this replica: as `PeerPolicy::claim`.
    virtual Result<void> claim(std::string_view key, const ReplicaId& replica) = 0;
    /// Whether the replica can be the holder's, as far as is known: no other peer has it.
    virtual bool may_own(std::string_view key, const ReplicaId& replica) const = 0;
};

}  // namespace kigumi
