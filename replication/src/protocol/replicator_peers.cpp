#include "replicator_core.hpp"

/// What the store keeps of peers: for commands, for those who wait, and for the next start.
namespace kigumi {
namespace {

/// Records of buckets that are saved in a round because links have changed.
constexpr std::size_t kSaveSlice = 1'024;

}  // namespace

void Replicator::Core::peers_of_changed(const Bucket& bucket) {
    peers_due_.insert(std::string(bucket.name));
    peers_changed_ = true;
}

std::set<std::string> Replicator::Core::names_to_save() {
    std::set<std::string> names = std::exchange(peers_due_, {});
    auto it = buckets_.upper_bound(peers_from_);
    peers_left_ = std::min(peers_left_, buckets_.size());
    for (std::size_t left = std::min(peers_left_, kSaveSlice); left > 0; --left, --peers_left_) {
        if (it == buckets_.end()) it = buckets_.begin();
        peers_from_ = it->first;
        names.insert(it->first);
        ++it;
    }
    return names;
}

std::map<ReplicaId, Replicator::Core::SavedPeer> Replicator::Core::peers_of(
    const Bucket& bucket, const std::map<ReplicaId, LastLink>& links) const {
    const std::string name(bucket.name);
    std::map<ReplicaId, SavedPeer> peers;
    for (const auto& [replica, heard] : bucket.acknowledgements.all())
        peers[replica].heard = heard.revision;
    for (const auto& [replica, audited] : bucket.audits) peers[replica].audited = audited;
    for (const auto& [replica, link] : links) {
        // One that has said nothing of the bucket is told of if it may, and is no ghost: a peer can
        // be any number of those.
        const bool ghost = options_.peer_of && is_ghost(bucket, replica);
        const Rights rights = link.policy ? link.policy->in(name) : Rights();
        if (!peers.contains(replica) && (ghost || rights == Rights::none())) continue;
        SavedPeer& peer = peers[replica];
        peer.address = link.address;
        peer.connected = link.up;
        peer.changed_ms = link.changed_ms;
    }
    for (auto& [replica, peer] : peers) {
        if (!options_.peer_of) continue;
        peer.peer = options_.peer_of(replica);
        peer.holds = !peer.peer.empty() && (!options_.reads || options_.reads(replica, name));
    }
    for (auto& [replica, peer] : peers) {
        const auto before = bucket.saved_peers.find(replica);
        if (before == bucket.saved_peers.end() || links.contains(replica)) continue;
        // It was linked once.
        peer.address = before->second.address;
        peer.changed_ms = before->second.changed_ms;
    }
    return peers;
}

PeerRecord Replicator::Core::record_of(const ReplicaId& replica, const SavedPeer& peer,
                                       const Bucket& bucket) {
    PeerRecord record;
    record.replica = replica;
    record.address = peer.address;
    record.connected = peer.connected;
    record.changed_ms = peer.changed_ms;
    record.peer = peer.peer;
    record.holds = peer.holds;
    const auto heard = bucket.acknowledgements.all().find(replica);
    if (heard != bucket.acknowledgements.all().end()) {
        record.acknowledged = heard->second.newest;
        record.trimmed = heard->second.trimmed;
        record.settled = heard->second.settled.value_or(VersionVector());
        record.settled_ms = heard->second.settled_ms;
    }
    record.audited_ms = peer.audited.ended_ms;
    record.differences = peer.audited.differences;
    return record;
}

/// Only what has changed: among many masters each record is long, and there is one of each.
void Replicator::Core::save_peers() {
    const std::set<std::string> names = names_to_save();
    std::map<ReplicaId, LastLink> links = gone_links_;
    std::set<ReplicaId> present;
    for (const auto& [id, link] : links_) {
        if (!link.replica) continue;
        const bool first = present.insert(*link.replica).second;
        LastLink& best = links[*link.replica];
        if (first || !best.up) best = {link.address, link.up, link.changed_wall_ms, link.policy};
    }
    peers_changed_ = peers_left_ > 0;
    if (!peers_changed_) gone_links_.clear();
    std::map<std::string, std::vector<PeerRecord>> changed;
    std::map<std::string, std::vector<ReplicaId>> gone;
    std::vector<std::pair<Bucket*, std::map<ReplicaId, SavedPeer>>> saved;
    for (const std::string& name : names) {
        const auto known = buckets_.find(name);
        if (known == buckets_.end() || known->second.version.empty()) continue;
        Bucket& bucket = known->second;
        auto peers = peers_of(bucket, links);
        for (const auto& [replica, peer] : peers) {
            const auto before = bucket.saved_peers.find(replica);
            if (before == bucket.saved_peers.end() || !(before->second == peer))
                changed[name].push_back(record_of(replica, peer, bucket));
        }
        for (const auto& [replica, before] : bucket.saved_peers)
            if (!peers.contains(replica)) gone[name].push_back(replica);
        saved.emplace_back(&bucket, std::move(peers));
    }
    if (changed.empty() && gone.empty()) return;
    if (const auto done = store_.put_peers(changed, gone); !done) {
        peers_due_.insert(names.begin(), names.end());
        peers_changed_ = true;
        return note(Level::kWarning, "peers.failed", done.error().message);
    }
    for (auto& [bucket, peers] : saved) bucket->saved_peers = std::move(peers);
}

}  // namespace kigumi
