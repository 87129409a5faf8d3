#include "acknowledgements.hpp"

#include <algorithm>

#include "kigumi/crdt/defect.hpp"

namespace kigumi {
namespace {

/// A bound on what peers can make us keep; a cluster is far smaller.
constexpr std::size_t kMaxReplicas = 10'000;

bool knows_all(const VersionVector& ours, const VersionVector& theirs) {
    return std::all_of(theirs.begin(), theirs.end(),
                       [&](const auto& entry) { return ours[entry.first] > 0; });
}

/// What is said of origins that `ours` has events of.
VersionVector known_part(const VersionVector& ours, const VersionVector& theirs) {
    VersionVector known;
    for (const auto& [origin, counter] : theirs)
        if (ours[origin] > 0) known.raise(origin, counter);
    return known;
}

}  // namespace

Acknowledgements::Acknowledgements(const std::vector<PeerRecord>& known) {
    for (const PeerRecord& peer : known) {
        Heard& heard = heard_[peer.replica];
        heard.newest = peer.acknowledged;
        heard.trimmed = peer.trimmed;
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
    heard.own_word = ++own_words_;
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
    if (it != heard_.end() &&
        ((it->second.newest == theirs && !it->second.trimmed) || !theirs.covers(it->second.newest)))
        return;
    Heard& heard = heard_[replica];
    heard.from = from;
    take(heard, theirs, ours, wall_ms);
}

void Acknowledgements::take(Heard& heard, const VersionVector& theirs, const VersionVector& ours,
                            std::uint64_t wall_ms) {
    const bool complete = knows_all(ours, theirs);
    if (!complete) {
        const bool trimmed = !KIGUMI_DEFECT(kTrimmedWordSettled);
        return take_known(heard, known_part(ours, theirs), trimmed, ours, wall_ms);
    }
    take_known(heard, theirs, false, ours, wall_ms);
}

void Acknowledgements::take_known(Heard& heard, const VersionVector& theirs, bool trimmed,
                                  const VersionVector& ours, std::uint64_t wall_ms) {
    if (!(heard.newest == theirs) || heard.trimmed != trimmed) {
        heard.change = ++changes_;
        heard.revision = ++revisions_;
    }
    heard.newest = theirs;
    heard.trimmed = trimmed;
    if (trimmed) return;
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

void Acknowledgements::trim(const VersionVector& ours) {
    for (auto& [replica, heard] : heard_) {
        if (heard.settled && heard.settled->size() > ours.size()) heard.settled.reset();
        if (heard.newest.size() <= ours.size()) continue;
        heard.newest = known_part(ours, heard.newest);
        heard.trimmed = true;
        heard.change = ++changes_;
        heard.revision = ++revisions_;
    }
}

void Acknowledgements::settle(const VersionVector& ours, std::uint64_t wall_ms) {
    for (auto& [replica, heard] : heard_) {
        if (!heard.waiting || !ours.covers(*heard.waiting)) continue;
        heard.settled = std::move(heard.waiting);
        heard.settled_ms = wall_ms;
        heard.revision = ++revisions_;
        heard.waiting.reset();
        if (!heard.trimmed && !(*heard.settled == heard.newest))
            take_known(heard, heard.newest, false, ours, wall_ms);
    }
}

const VersionVector* Acknowledgements::settled(const ReplicaId& replica) const {
    const auto it = heard_.find(replica);
    return it == heard_.end() || !it->second.settled ? nullptr : &*it->second.settled;
}

}  // namespace kigumi
