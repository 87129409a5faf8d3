#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "allow_list.hpp"

namespace kigumi {

/// Which keys have shown themselves as which replicas.
///
/// The first listed key that says to be a replica has it from then on, and across restarts. Another
/// key is refused, unless it is listed as the same peer's, or all keys that had the replica are no
/// longer listed. A key may have any number of replicas up to a bound: an identity may be renewed,
/// and nodes may share a key. Used by one thread; the store and the list must outlive it.
class Claims {
  public:
    explicit Claims(const AllowList& allowed) : allowed_(allowed) {}

    /// Goes on from the file (`docs/format/claims.md`), and keeps it up to date, durably. Without
    /// it, all is forgotten with this object.
    Result<void> load(std::filesystem::path file);
    Result<void> claim(const PublicKey& key, const ReplicaId& replica);
    bool owns(const PublicKey& key, const ReplicaId& replica) const;
    /// Whether a replica may have a bucket: one whose keys are unknown may.
    bool reads(const ReplicaId& replica, std::string_view bucket) const;
    /// What the holder of a key may do, as the list and these claims say at any moment.
    std::shared_ptr<PeerPolicy> policy(const PublicKey& key);

  private:
    Result<void> save() const;

    const AllowList& allowed_;
    std::filesystem::path file_;
    std::map<ReplicaId, std::vector<PublicKey>> keys_;
};

}  // namespace kigumi
