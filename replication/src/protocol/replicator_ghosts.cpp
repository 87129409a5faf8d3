#include <algorithm>

#include "replicator_core.hpp"

/// What is remembered of replicas that have written nothing and are in no list: anybody who may get
/// in can be as many of them as it likes.
namespace kigumi {
namespace {

/// Of one peer in one bucket: a few that were linked lately, of which some may become members.
constexpr std::ptrdiff_t kMaxGhosts = 8;
/// Of one peer in one bucket, members and those that have written included. Nodes may share a key,
/// and each renewal of an identity leaves one.
constexpr std::ptrdiff_t kMaxOfPeer = 256;

}  // namespace

bool Replicator::Core::is_ghost(const Bucket& bucket, const ReplicaId& replica) const {
    return bucket.version[replica] == 0 && !members_.contains(replica);
}

Replicator::Core::Room Replicator::Core::room_for(const Bucket& bucket,
                                                  const ReplicaId& replica) const {
    const auto& all = bucket.acknowledgements.all();
    if (!options_.peer_of || all.contains(replica)) return {true, {}};
    const std::string peer = options_.peer_of(replica);
    const bool ghost = is_ghost(bucket, replica);
    std::ptrdiff_t count = 0;
    std::uint64_t oldest_word = UINT64_MAX;
    std::optional<ReplicaId> oldest;
    for (const auto& [other, heard] : all) {
        const bool other_ghost = is_ghost(bucket, other);
        if ((ghost && !other_ghost) || options_.peer_of(other) != peer) continue;
        ++count;
        if (!other_ghost || heard.own_word >= oldest_word || linked_to(other)) continue;
        oldest_word = heard.own_word;
        oldest = other;
    }
    if (count < (ghost ? kMaxGhosts : kMaxOfPeer)) return {true, {}};
    return {oldest.has_value(), oldest};
}

bool Replicator::Core::remembers(Bucket& bucket, const ReplicaId& replica) {
    const Room room = room_for(bucket, replica);
    if (room.instead_of) bucket.acknowledgements.forget(*room.instead_of);
    return room.any;
}

void Replicator::Core::forget_ghosts(Bucket& bucket) {
    bucket.acknowledgements.trim(bucket.version);
    if (!options_.peer_of) return;
    std::map<std::string, std::vector<std::pair<std::uint64_t, ReplicaId>>> by_peer;
    for (const auto& [replica, heard] : bucket.acknowledgements.all())
        if (is_ghost(bucket, replica) && !linked_to(replica))
            by_peer[options_.peer_of(replica)].emplace_back(heard.own_word, replica);
    for (auto& [peer, ghosts] : by_peer) {
        // Of a key that is not listed nothing stays.
        const std::ptrdiff_t kept = peer.empty() ? 0 : kMaxGhosts;
        std::sort(ghosts.rbegin(), ghosts.rend());
        for (auto it = ghosts.begin() + std::min(kept, std::ssize(ghosts)); it != ghosts.end();
             ++it)
            bucket.acknowledgements.forget(it->second);
    }
    std::erase_if(bucket.audits, [&](const auto& entry) {
        return is_ghost(bucket, entry.first) && !linked_to(entry.first) &&
               !bucket.acknowledgements.all().contains(entry.first);
    });
    const auto& all = bucket.acknowledgements.all();
    const bool any_saved =
        std::any_of(bucket.saved_peers.begin(), bucket.saved_peers.end(), [&](const auto& saved) {
            return !all.contains(saved.first) && is_ghost(bucket, saved.first) &&
                   !linked_to(saved.first);
        });
    if (any_saved) peers_of_changed(bucket);
}

}  // namespace kigumi
