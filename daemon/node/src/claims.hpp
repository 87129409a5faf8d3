#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "allow_list.hpp"
#include "kigumi/daemon/membership_policy.hpp"
#include "steady.hpp"
#include "token_buckets.hpp"

namespace kigumi {

/// Which keys have shown themselves as which replicas.
///
/// The first listed key that says to be a replica has it from then on, and across restarts. Another
/// key is refused, unless it is listed as the same peer's, or all keys that had the replica are no
/// longer listed. A key may have any number of replicas up to a bound: an identity may be renewed,
/// and nodes may share a key. Used by one thread; the store and the list must outlive it.
///
/// Each new claim rewrites a file, so that each peer may make a few at once and then one a minute.
class Claims {
  public:
    /// `now_ms`: a clock that never goes back.
    explicit Claims(const AllowList& allowed, std::function<std::uint64_t()> now_ms = steady_ms)
        : allowed_(allowed), now_ms_(std::move(now_ms)) {}

    /// Goes on from the file (`docs/format/claims.md`), and keeps it up to date, durably. Without
    /// it, all is forgotten with this object.
    Result<void> load(std::filesystem::path file);
    /// The holder of `key` says to be `replica`. It is believed once that has been saved.
    /// kInvalidArgument: the replica is another peer's; kFull: the key has had too many; kBusy: it
    /// claims too fast; kIo: it could not be saved. After the last two a later try may succeed.
    Result<void> claim(const PublicKey& key, const ReplicaId& replica);
    bool owns(const PublicKey& key, const ReplicaId& replica) const;
    /// Whether a replica can be the peer's as far as is known here: it is, or nobody listed has it.
    bool may_own(const PublicKey& key, const ReplicaId& replica) const;
    /// Whether a replica may have a bucket: one whose keys are unknown may.
    bool reads(const ReplicaId& replica, std::string_view bucket) const;
    /// The listed peer that a replica belongs to, named by the first of its keys; empty if there is
    /// none.
    std::string peer_of(const ReplicaId& replica) const;
    /// What the holder of a key may do, as the list and these claims say at any moment.
    std::shared_ptr<PeerPolicy> policy(const PublicKey& key);
    /// The same for the failure detector, of all keys.
    std::shared_ptr<MembershipPolicy> membership_policy();

  private:
    using Keys = std::map<ReplicaId, std::vector<PublicKey>>;

    /// Of another peer that has the replica, a listed key.
    const PublicKey* other_owner(const PublicKey& key, const ReplicaId& replica) const;
    Result<void> save(const Keys& keys);

    const AllowList& allowed_;
    const std::function<std::uint64_t()> now_ms_;
    std::filesystem::path file_;
    Keys keys_;
    TokenBuckets<PublicKey> fresh_{kBurst, kPerSecond};
    std::uint64_t save_not_before_ms_ = 0;
    std::string save_error_;  ///< of the last try

    static constexpr double kBurst = 16;
    static constexpr double kPerSecond = 1.0 / 60;
};

}  // namespace kigumi
