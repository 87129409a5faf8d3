#pragma once

#include <string_view>

#include "kigumi/clocks/replica_id.hpp"
#include "kigumi/crdt/result.hpp"

namespace kigumi {

/// What a peer may do in a bucket.
struct Rights {
    bool read = true;   ///< it is sent rows, versions and what others have confirmed
    bool write = true;  ///< what it brings is taken
    bool relay = true;  ///< and that may be events of others, not only of its own replicas

    bool operator==(const Rights&) const = default;
    static Rights none() { return {false, false, false}; }
};

/// What a node lets the peer at the other end of a link do, by the key that it has proved to hold.
/// Asked anew for every message, on the replicator's thread; each answer should cost no I/O, but
/// for the first claim of a replica. `docs/operations/security.md` says what each right means.
class PeerPolicy {
  public:
    virtual ~PeerPolicy() = default;

    /// Who the peer is: the same text for all links of one peer, by whichever of its keys. They
    /// share what one peer may cost this node. Asked once for each link. Empty: the link shares
    /// with no other.
    virtual std::string_view peer() const { return {}; }
    virtual Rights in(std::string_view bucket) const = 0;
    /// The peer says that it is this replica. kInvalidArgument: that belongs to somebody else;
    /// kFull: the peer has been too many. Any other error: not now, a later try may succeed.
    virtual Result<void> claim(const ReplicaId& replica) = 0;
    /// Whether a claim of the peer to this replica has been accepted, now or earlier.
    virtual bool owns(const ReplicaId& replica) const = 0;
};

}  // namespace kigumi
