#include <algorithm>
#include <tuple>

#include "membership_core.hpp"

/// What is believed of whom, and how one belief replaces another.
namespace kigumi {
namespace {

using namespace membership;

/// Unasked corrections are not sent faster to one member.
constexpr std::uint64_t kTellPauseMs = 500;
constexpr std::uint64_t kForgetEveryMs = 60'000;
/// How far beyond what is known of a member others can be ahead of us: it has denied something so
/// many times, or has been started anew. A start takes the wall clock, and clocks differ.
constexpr std::uint64_t kDenials = 1'000;
constexpr std::uint64_t kClocksDiffer = 86'400'000;
/// To those who may not gossip nothing is denied faster.
constexpr std::uint64_t kDenyPauseMs = 1'000;
/// Members of one key that may not gossip.
constexpr std::ptrdiff_t kMaxOfKey = 16;

/// The order in which claims replace each other: whatever order they come in, all nodes end with
/// the same one.
auto rank(std::uint64_t incarnation, Liveness liveness) {
    return std::tuple(incarnation, liveness);
}

}  // namespace

std::uint64_t Membership::Core::highest_told(std::uint64_t known) const {
    const std::uint64_t now = std::max(known, highest_start_ + (now_ms_ - started_ms_));
    return std::max(known + kDenials, std::min(now + kClocksDiffer, kMaxToldIncarnation));
}

bool Membership::Core::believable(const Claim& claim, const Teller& from) {
    const Peer* const peer = find(claim.contact.replica);
    if (policy_) {
        const std::string& key = claim.contact.key;
        // A member is reached as the holder of its key, so that it has to have a listed one.
        if (!policy_->is_listed(key) || !policy_->may_own(key, claim.contact.replica)) return false;
        const bool of_itself = peer != nullptr && policy_->is_same_peer(key, from.contact.key) &&
                               policy_->is_same_peer(peer->member.contact.key, key);
        if (!from.trusted && !of_itself) return false;
    }
    return claim.incarnation <= highest_told(peer == nullptr ? 0 : peer->member.incarnation);
}

void Membership::Core::consider(Claim claim, const Teller& from) {
    Peer* const peer = find(claim.contact.replica);
    const bool own_word = claim.contact.replica == from.contact.replica;
    if (own_word && claim.liveness == Liveness::kAlive) {
        // Nothing higher could be denied any more.
        if (claim.incarnation >= kMaxIncarnation) return;
        if (from.trusted)
            highest_start_ =
                std::max(highest_start_, std::min(claim.incarnation, kMaxToldIncarnation));
    }
    if (peer == nullptr) return meet(claim, from);
    if (from.exchanged && claim.liveness == Liveness::kDown && takes_part(*peer)) {
        // The two sides of a partition have given up each other's members: give them a chance to
        // deny it before they are given up here as well.
        claim.liveness = Liveness::kSuspect;
        claim.accuser = from.contact.replica;
    }
    const Member& member = peer->member;
    const auto theirs = rank(claim.incarnation, claim.liveness);
    const auto ours = rank(member.incarnation, member.liveness);
    if (theirs == ours && claim.liveness == Liveness::kSuspect) return confirm(*peer, claim);
    if (theirs <= ours) return;
    change(*peer, claim, from.contact.key);
}

bool Membership::Core::make_room_for(const std::string& key) {
    if (trusts(key)) return true;
    const auto is_of_key = [&](const auto& entry) {
        return policy_->is_same_peer(entry.second.member.contact.key, key);
    };
    if (std::count_if(peers_.begin(), peers_.end(), is_of_key) < kMaxOfKey) return true;
    const auto gone = std::find_if(peers_.begin(), peers_.end(), [&](const auto& entry) {
        return is_of_key(entry) && !takes_part(entry.second);
    });
    if (gone == peers_.end()) return false;
    peers_.erase(gone);
    return true;
}

void Membership::Core::meet(const Claim& claim, const Teller& from) {
    // Who is down or has left and is not remembered here must not be remembered again for the
    // whole time: two nodes would keep it in each other's lists for ever.
    if (claim.liveness > Liveness::kSuspect) return;
    if (!make_room_for(claim.contact.key)) {
        ++ignored_claims;
        return;
    }
    if (peers_.size() >= options_.max_members) {
        auto oldest = peers_.end();
        for (auto it = peers_.begin(); it != peers_.end(); ++it)
            if (!takes_part(it->second) &&
                (oldest == peers_.end() ||
                 it->second.member.changed_ms < oldest->second.member.changed_ms))
                oldest = it;
        if (oldest == peers_.end()) return;
        peers_.erase(oldest);
    }
    const ReplicaId replica = claim.contact.replica;
    Peer& peer = peers_[replica];
    peer.member.contact.replica = replica;
    enter_lap(replica);
    change(peer, claim, from.contact.key);
}

void Membership::Core::change(Peer& peer, const Claim& claim, const std::string& told_by) {
    Member& member = peer.member;
    if (member.contact != claim.contact || member.changed_ms == 0) member.told_by = told_by;
    const bool was_suspect = member.liveness == Liveness::kSuspect;
    const bool visible = member.liveness != claim.liveness || member.contact != claim.contact ||
                         member.changed_ms == 0;
    if (member.liveness != claim.liveness || member.changed_ms == 0) member.changed_ms = now_ms_;
    // Who comes back is probed again.
    if (!takes_part(peer) && claim.liveness <= Liveness::kSuspect) enter_lap(claim.contact.replica);
    member.contact = claim.contact;
    member.incarnation = claim.incarnation;
    member.liveness = claim.liveness;
    if (claim.liveness == Liveness::kSuspect) {
        if (!was_suspect) peer.suspicion = {now_ms_, {}};
        peer.suspicion.accusers.insert(claim.accuser);
        // Those who look for themselves soon confirm it, or hear the denial. A few are enough.
        constexpr std::uint64_t kLookers = 8;
        if (options_.lifeguard && random_below(live()) < kLookers) doubt(claim.contact.replica);
    } else {
        peer.suspicion = {};
    }
    news_.add(claim);
    if (visible) actions.changes.push_back(member);
}

void Membership::Core::confirm(Peer& peer, const Claim& claim) {
    auto& accusers = peer.suspicion.accusers;
    const std::size_t wanted = wanted_confirmations(options_, live());
    if (accusers.size() > wanted || !accusers.insert(claim.accuser).second) return;
    news_.add(claim);
}

void Membership::Core::suspect(Peer& peer, const ReplicaId& accuser) {
    const Member& member = peer.member;
    const Claim claim{member.contact, member.incarnation, Liveness::kSuspect, accuser};
    if (member.liveness == Liveness::kAlive) return change(peer, claim);
    if (member.liveness == Liveness::kSuspect) confirm(peer, claim);
}

void Membership::Core::expire_suspicions() {
    const std::size_t all = live();
    for (auto& [replica, peer] : peers_) {
        if (peer.member.liveness != Liveness::kSuspect) continue;
        const std::uint64_t lasts = suspicion_ms(options_, peer.suspicion, all);
        if (peer.suspicion.since_ms + lasts > now_ms_) continue;
        if (options_.lifeguard && peer.heard_ms + options_.probe_ms > now_ms_) {
            // It speaks to us: it is only slow to deny what others say of it.
            peer.suspicion = {now_ms_, {self.contact.replica}};
            continue;
        }
        Claim claim = claim_of(peer);
        claim.liveness = Liveness::kDown;
        claim.accuser = {};
        change(peer, claim);
    }
}

bool Membership::Core::consider_self(const Claim& claim, const Teller& from) {
    if (claim.incarnation < self.incarnation) return false;
    const bool same_life = claim.incarnation == self.incarnation;
    if (same_life && claim.liveness == Liveness::kAlive) return false;
    if (!from.trusted) {
        if (claim.incarnation > highest_told(self.incarnation)) {
            ++ignored_claims;
            return false;
        }
        // One denial serves everybody who believes something wrong.
        if (now_ms_ < deny_not_before_ms_) return false;
        deny_not_before_ms_ = now_ms_ + kDenyPauseMs;
    }
    // In small steps beyond what anybody can have been told: each teller tells it again.
    self.incarnation =
        std::min(claim.incarnation + 1, std::max(kMaxToldIncarnation, self.incarnation + kDenials));
    // Whoever suspects us had no answer in time.
    if (from.trusted && same_life && claim.liveness == Liveness::kSuspect) doubt_self(1);
    news_.add(own_claim());
    return true;
}

Claim Membership::Core::claim_of(const Peer& peer) const {
    const Member& member = peer.member;
    Claim claim{member.contact, member.incarnation, member.liveness, {}};
    if (claim.liveness == Liveness::kSuspect) claim.accuser = *peer.suspicion.accusers.begin();
    return claim;
}

Claim Membership::Core::own_claim() const {
    return {self.contact, self.incarnation, self.liveness, {}};
}

void Membership::Core::tell_what_we_think(Peer& peer) {
    const bool matters = peer.member.liveness > Liveness::kSuspect ||
                         (options_.lifeguard && peer.member.liveness == Liveness::kSuspect);
    if (!matters || (peer.told_ms != 0 && peer.told_ms + kTellPauseMs > now_ms_)) return;
    send(peer.member.contact, Gossip{});
}

void Membership::Core::forget_old() {
    forget_at_ms_ = now_ms_ + kForgetEveryMs;
    std::erase_if(peers_, [this](const auto& entry) {
        return !takes_part(entry.second) &&
               entry.second.member.changed_ms + options_.forget_ms < now_ms_;
    });
}

}  // namespace kigumi
