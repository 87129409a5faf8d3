#include <algorithm>

#include "membership_core.hpp"

/// Passing on what is believed: news, whole lists, and knocking where somebody may be.
namespace kigumi {
namespace {

using namespace membership;

/// The whole list is not sent faster to one member: the question is small and the answer is not.
constexpr std::uint64_t kAnswerPauseMs = 200;
/// … nor to one peer that may not gossip, however many members it is.
constexpr std::uint64_t kAnswerPauseOfKeyMs = 1'000;
constexpr std::size_t kClaimsPerExchange = 1'024;

}  // namespace

void Membership::Core::send(const Contact& to, Body body) {
    if (left_) return;
    Message message{self.contact, self.incarnation, std::move(body), {}};
    if (Peer* const peer = find(to.replica)) {
        // The one whom a suspicion is about should hear of it first: it alone can deny it.
        const Liveness liveness = peer->member.liveness;
        if (liveness > Liveness::kSuspect ||
            (options_.lifeguard && liveness == Liveness::kSuspect)) {
            message.claims.push_back(claim_of(*peer));
            peer->told_ms = now_ms_;
        }
    }
    for (Claim& claim : news_.take(options_.news_per_message, tellings()))
        message.claims.push_back(std::move(claim));
    actions.sends.push_back({to, encode(message)});
}

void Membership::Core::send_all(const Contact& to, bool answer_wanted) {
    std::vector<Claim> claims;
    for (const auto& [replica, peer] : peers_) claims.push_back(claim_of(peer));
    std::size_t at = 0;
    do {
        const std::size_t end = std::min(at + kClaimsPerExchange, claims.size());
        const bool last = end == claims.size();
        const auto from = claims.begin();
        actions.sends.push_back({to, encode({self.contact,
                                             self.incarnation,
                                             Exchange{answer_wanted && last},
                                             {from + static_cast<std::ptrdiff_t>(at),
                                              from + static_cast<std::ptrdiff_t>(end)}})});
        at = end;
    } while (at < claims.size());
}

void Membership::Core::on(const Teller& from, const Exchange& exchange) {
    if (!exchange.answer_wanted) return;
    Peer* const peer = find(from.contact.replica);
    if (peer == nullptr) return;
    if (peer->answered_ms != 0 && peer->answered_ms + kAnswerPauseMs > now_ms_) return;
    const auto answered_lately = [&](const auto& entry) {
        const auto& [replica, other] = entry;
        return other.answered_ms != 0 && other.answered_ms + kAnswerPauseOfKeyMs > now_ms_ &&
               policy_->is_same_peer(other.member.contact.key, from.contact.key);
    };
    if (!from.trusted && std::any_of(peers_.begin(), peers_.end(), answered_lately)) return;
    peer->answered_ms = now_ms_;
    send_all(from.contact, false);
}

void Membership::Core::gossip() {
    gossip_at_ms_ = now_ms_ + options_.gossip_ms;
    for (const Contact& contact : some(options_.gossip_fanout, Liveness::kSuspect, {})) {
        if (news_.empty()) return;
        send(contact, Gossip{});
    }
}

void Membership::Core::exchange_with_somebody() {
    exchange_at_ms_ = now_ms_ + jittered(options_.exchange_ms);
    for (const Contact& contact : some(1, Liveness::kAlive, {})) send_all(contact, true);
}

void Membership::Core::announce() {
    announce_at_ms_ = now_ms_ + jittered(options_.announce_ms);
    std::vector<const Contact*> down;
    for (const auto& [replica, peer] : peers_)
        if (peer.member.liveness == Liveness::kDown) down.push_back(&peer.member.contact);
    if (!down.empty()) send_all(*down[random_below(down.size())], true);
}

void Membership::Core::try_seeds() {
    const bool alone = live() == 1;
    join_at_ms_ = now_ms_ + jittered(alone ? options_.join_ms : options_.exchange_ms);
    for (const Contact& seed : seeds_) {
        const bool known = std::any_of(peers_.begin(), peers_.end(), [&](const auto& entry) {
            return takes_part(entry.second) && entry.second.member.contact.address == seed.address;
        });
        if (!known) send_all(seed, true);
    }
}

}  // namespace kigumi
