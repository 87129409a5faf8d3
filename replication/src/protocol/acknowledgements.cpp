#include "acknowledgements.hpp"

#include "kigumi/crdt/defect.hpp"

namespace kigumi {
namespace {

/// A bound on what peers can make us keep; a cluster is far smaller.
constexpr std::size_t kMaxReplicas = 10'000;

}  // namespace

Acknowledgements::Acknowledgements(const std::vector<PeerRecord>& known) {
    for (const PeerRecord& peer : known) {
        Heard& heard = heard_[peer.replica];
        heard.newest = peer.acknowledged;
        if (peer.settled_ms != 0) heard.settled = peer.settled;
        heard.settled_ms = peer.settled_ms;
        heard.change = ++changes_;
    }
}

void Acknowledgements::hear(const ReplicaId& replica, const VersionVector& theirs,
                            const VersionVector& ours, std::uint64_t wall_ms) {
    if (heard_.size() >= kMaxReplicas && !heard_.contains(replica)) return;
    Heard& heard = heard_[replica];
    heard.from.reset();
    if (!theirs.covers(heard.newest)) {
        heard.waiting.reset();
        heard.settled.reset();
        heard.revision = ++revisions_;
    }
    take(heard, theirs, ours, wall_ms);
}

void Acknowledgements::hear_of(const ReplicaId& replica, const VersionVector& theirs,
                               const VersionVector& ours, LinkId from, std::uint64_t wall_ms) {
    const auto it = heard_.find(replica);
    if (it == heard_.end() && heard_.size() >= kMaxReplicas) return;
    if (it != heard_.end() && (it->second.newest == theirs || !theirs.covers(it->second.newest)))
        return;
    Heard& heard = heard_[replica];
    heard.from = from;
    take(heard, theirs, ours, wall_ms);
}

void Acknowledgements::take(Heard& heard, const VersionVector& theirs, const VersionVector& ours,
                            std::uint64_t wall_ms) {
    if (!(heard.newest == theirs)) {
        heard.change = ++changes_;
        heard.revision = ++revisions_;
    }
    heard.newest = theirs;
    if (ours.covers(theirs) || KIGUMI_DEFECT(kCollectedBeforeSettled)) {
        if (!heard.settled || !(*heard.settled == theirs)) {
            heard.settled_ms = wall_ms;
            heard.revision = ++revisions_;
        }
        heard.settled = theirs;
        heard.waiting.reset();
    } else if (!heard.waiting) {
        heard.waiting = theirs;
    }
}

void Acknowledgements::settle(const VersionVector& ours, std::uint64_t wall_ms) {
    for (auto& [replica, heard] : heard_) {
        if (!heard.waiting || !ours.covers(*heard.waiting)) continue;
        heard.settled = std::move(heard.waiting);
        heard.settled_ms = wall_ms;
        heard.revision = ++revisions_;
        heard.waiting.reset();
        if (!(*heard.settled == heard.newest)) take(heard, heard.newest, ours, wall_ms);
    }
}

const VersionVector* Acknowledgements::settled(const ReplicaId& replica) const {
    const auto it = heard_.find(replica);
    return it == heard_.end() || !it->second.settled ? nullptr : &*it->second.settled;
}

}  // namespace kigumi
