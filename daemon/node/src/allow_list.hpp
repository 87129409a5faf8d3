#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kigumi/daemon/keys.hpp"
#include "kigumi/replication/peer_policy.hpp"

namespace kigumi {

/// A peer that may get in: its key, or the keys of which it may use any while it changes from one
/// to the other, and what it may do.
struct AllowedPeer {
    std::vector<PublicKey> keys;
    std::map<std::string, Rights, std::less<>> buckets;
    Rights others;       ///< in all other buckets
    bool gossip = true;  ///< what it tells of other nodes is believed

    Rights in(std::string_view bucket) const;
    bool operator==(const AllowedPeer&) const = default;
};

/// `KEY[,KEY...][=RIGHTS]`. Without RIGHTS: everything. RIGHTS is a list, separated by commas, of
/// `[BUCKET:]WORDS`; WORDS are `all`, `none`, or some of `read`, `write` and `relay` joined by `+`.
/// An entry without a bucket is for all that are not named; without one, those are `none`.
///
/// `gossip` is a word of the entry without a bucket only: it is about nodes, not about a bucket.
/// A peer also has it if that entry is `all`, or if it may relay in every bucket.
Result<AllowedPeer> parse_allowed(std::string_view text);

/// Who may get in. Thread-safe: the loop changes it, and every new connection is checked on the
/// thread of the ZAP handler.
class AllowList {
  public:
    /// Replaces the list; returns the keys that may no longer get in, or may do other things than
    /// before. An error names the entry and leaves the list as it was.
    Result<std::set<PublicKey>> replace(const std::vector<std::string>& entries);

    bool allows(const PublicKey& key) const;
    std::vector<PublicKey> keys() const;
    /// Nothing for a key that is not listed.
    Rights rights(const PublicKey& key, std::string_view bucket) const;
    /// Whether both keys are listed as one peer's (or are one listed key).
    bool same_peer(const PublicKey& one, const PublicKey& other) const;
    /// Whether what the peer tells of other nodes is believed; never of a key that is not listed.
    bool may_gossip(const PublicKey& key) const;
    /// The first of the keys that are listed as this one's peer; nothing if it is not listed.
    std::optional<PublicKey> first_key(const PublicKey& key) const;

    /// Lets one more key in, or none: for the test of the lock itself.
    void let_in(std::optional<PublicKey> visitor);

  private:
    const AllowedPeer* find(const PublicKey& key) const;

    mutable std::mutex mutex_;
    std::vector<AllowedPeer> peers_;
    std::map<PublicKey, std::size_t> index_;
    std::optional<PublicKey> visitor_;
};

}  // namespace kigumi
