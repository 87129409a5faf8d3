#pragma once

#include <optional>
#include <set>
#include <string>

#include "kigumi/replication/peer_policy.hpp"
#include "random.hpp"

/// A hostile node that may write, and may not relay.
namespace kigumi::sim {

/// What the others let it do.
class RestrictedPeer : public PeerPolicy {
  public:
    Rights in(std::string_view) const override { return {true, true, false}; }
    Result<void> claim(const ReplicaId& replica) override {
        own_.insert(replica);
        return {};
    }
    bool owns(const ReplicaId& replica) const override { return own_.contains(replica); }

  private:
    std::set<ReplicaId> own_;
};

/// What it makes of a message of its own: without contributions of others, or with a floor as high
/// as its version. Nothing if there is nothing to change.
std::optional<std::string> tampered(const std::string& message, const RestrictedPeer& peer,
                                    Random& random);

}  // namespace kigumi::sim
