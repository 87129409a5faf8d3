#include <algorithm>

#include "membership_core.hpp"

/// Probing members, directly and through others, and how far this node trusts itself in it.
namespace kigumi {
namespace {

using namespace membership;

constexpr std::size_t kMaxErrands = 1'024;
constexpr std::ptrdiff_t kMaxErrandsOfOne = 64;
constexpr std::size_t kMaxSoon = 64;

}  // namespace

void Membership::Core::doubt(const ReplicaId& replica) {
    if (soon_.size() >= kMaxSoon || std::find(soon_.begin(), soon_.end(), replica) != soon_.end())
        return;
    soon_.push_back(replica);
}

std::optional<ReplicaId> Membership::Core::next_target() {
    const auto usable = [this](const ReplicaId& replica) {
        const Peer* const peer = find(replica);
        return peer != nullptr && takes_part(*peer);
    };
    while (!soon_.empty()) {
        const ReplicaId replica = soon_.front();
        soon_.pop_front();
        if (usable(replica)) return replica;
    }
    for (std::size_t looked = 0, all = lap_.size(); looked < all; ++looked) {
        if (lap_at_ >= lap_.size()) begin_lap();
        if (lap_.empty()) break;
        const ReplicaId replica = lap_[lap_at_++];
        if (usable(replica)) return replica;
    }
    return std::nullopt;
}

void Membership::Core::begin_lap() {
    lap_at_ = 0;
    std::erase_if(lap_, [this](const ReplicaId& replica) {
        const Peer* const peer = find(replica);
        return peer == nullptr || !takes_part(*peer);
    });
    // Each half by itself, so that nobody is left out for longer than one and a half laps.
    const std::size_t half = lap_.size() / 2;
    for (const std::size_t begin : {std::size_t{0}, half}) {
        const std::size_t end = begin == 0 ? half : lap_.size();
        for (std::size_t i = end; i > begin + 1; --i)
            std::swap(lap_[i - 1], lap_[begin + random_below(i - begin)]);
    }
}

void Membership::Core::enter_lap(const ReplicaId& replica) {
    if (std::find(lap_.begin(), lap_.end(), replica) != lap_.end()) return;
    const auto at = random_below(lap_.size() + 1);
    lap_.insert(lap_.begin() + static_cast<std::ptrdiff_t>(at), replica);
    if (at < lap_at_) ++lap_at_;
}

std::uint64_t Membership::Core::probe_timeout() const {
    const std::uint64_t measured = 3 * round_trips_.p99_ms();
    return (1 + doubt_of_self) *
           std::clamp(measured, options_.probe_timeout_ms, options_.probe_timeout_max_ms);
}

void Membership::Core::probe_next() {
    const auto target = next_target();
    if (!target) {
        probe_at_ms_ = now_ms_ + options_.probe_ms;
        return;
    }
    const std::uint64_t timeout = probe_timeout();
    probe_ = Probe{};
    probe_->target = *target;
    probe_->number = ++next_number_;
    probe_->begun_ms = now_ms_;
    probe_->ask_others_ms = now_ms_ + timeout;
    // Whoever is asked for help needs as long again.
    probe_->end_ms = now_ms_ + std::max(options_.probe_ms * (1 + doubt_of_self), 2 * timeout);
    send(find(*target)->member.contact, Ping{probe_->number, *target});
}

void Membership::Core::go_on_with_probe() {
    if (!probe_) return;
    if (!probe_->answered && probe_->ask_others_ms != 0 && now_ms_ >= probe_->ask_others_ms) {
        probe_->ask_others_ms = 0;
        if (const Peer* const peer = find(probe_->target)) {
            const Contact target = peer->member.contact;
            for (const Contact& helper :
                 some(options_.indirect_probes, Liveness::kAlive, probe_->target, true)) {
                ++probe_->asked;
                send(helper, PingFor{probe_->number, target});
            }
        }
    }
    const bool hurry = probe_->answered && !soon_.empty();
    if (now_ms_ >= probe_->end_ms || hurry) end_probe();
}

void Membership::Core::end_probe() {
    const Probe probe = *probe_;
    probe_.reset();
    probe_at_ms_ = now_ms_;
    Peer* const peer = find(probe.target);
    if (peer == nullptr || !takes_part(*peer)) return;
    if (probe.answered || (options_.lifeguard && peer->heard_ms > probe.begun_ms))
        return doubt_self(-1);
    // Helpers that do not even say that they had no answer: then it may be us.
    const std::size_t silent = probe.asked - std::min(probe.asked, probe.nacks);
    doubt_self(probe.asked == 0 ? 1 : static_cast<int>(silent));
    suspect(*peer, self.contact.replica);
}

void Membership::Core::doubt_self(int by) {
    if (!options_.lifeguard) return;
    doubt_of_self = static_cast<unsigned>(
        std::clamp(static_cast<int>(doubt_of_self) + by, 0, static_cast<int>(options_.health_max)));
}

void Membership::Core::notice_stall(std::uint64_t now_ms) {
    now_ms_ = std::max(now_ms_, now_ms);
    if (!options_.lifeguard || due_ms_ == UINT64_MAX || now_ms_ <= due_ms_ + options_.stall_ms)
        return;
    const std::uint64_t lost = now_ms_ - due_ms_;
    due_ms_ = now_ms_;
    doubt_self(1);
    if (probe_) {
        // Answers may wait unread.
        probe_->end_ms += lost;
        if (probe_->ask_others_ms != 0) probe_->ask_others_ms += lost;
    }
    for (auto& [replica, peer] : peers_) peer.suspicion.since_ms += lost;
    for (auto& [number, errand] : errands_) errand.end_ms += lost;
}

void Membership::Core::on(const Teller& from, const Ping& ping) {
    // Somebody else had this address before: it does not answer.
    if (ping.target == self.contact.replica) send(from.contact, Ack{ping.number});
}

void Membership::Core::on(const Teller& from, const PingFor& ping) {
    if (ping.target.replica == self.contact.replica) return send(from.contact, Ack{ping.number});
    // Only where a member is known to be: others must not choose whom this node dials.
    const Peer* const target = find(ping.target.replica);
    if (target == nullptr) {
        if (options_.lifeguard) send(from.contact, Nack{ping.number});
        return;
    }
    const auto of_asker = std::count_if(errands_.begin(), errands_.end(), [&](const auto& entry) {
        return entry.second.asker.replica == from.contact.replica;
    });
    if (errands_.size() >= kMaxErrands || of_asker >= kMaxErrandsOfOne) return;
    const std::uint64_t timeout = probe_timeout();
    const std::uint64_t number = ++next_number_;
    const Contact contact = target->member.contact;
    // Before the asker stops waiting.
    errands_[number] = {from.contact, contact.replica, ping.number, now_ms_ + timeout * 4 / 5,
                        now_ms_ + 4 * timeout};
    send(contact, Ping{number, contact.replica});
}

void Membership::Core::on(const Teller& from, const Ack& ack) {
    // Of others only those may say that they live who may gossip.
    const auto may_answer = [&](const ReplicaId& target) {
        return from.trusted || from.contact.replica == target;
    };
    if (probe_ && probe_->number == ack.number) {
        if (!may_answer(probe_->target)) return;
        if (!probe_->answered && probe_->asked == 0) round_trips_.add(now_ms_ - probe_->begun_ms);
        probe_->answered = true;
        probe_->end_ms =
            std::min(probe_->end_ms, probe_->begun_ms + options_.probe_ms * (1 + doubt_of_self));
        return;
    }
    const auto errand = errands_.find(ack.number);
    if (errand == errands_.end() || !may_answer(errand->second.target)) return;
    send(errand->second.asker, Ack{errand->second.number});
    errands_.erase(errand);
}

void Membership::Core::on(const Teller& from, const Nack& nack) {
    if (from.trusted && probe_ && probe_->number == nack.number) ++probe_->nacks;
}

void Membership::Core::run_errands() {
    for (auto it = errands_.begin(); it != errands_.end();) {
        Errand& errand = it->second;
        if (errand.nack_ms != 0 && now_ms_ >= errand.nack_ms) {
            errand.nack_ms = 0;
            if (options_.lifeguard) send(errand.asker, Nack{errand.number});
        }
        it = now_ms_ >= errand.end_ms ? errands_.erase(it) : std::next(it);
    }
}

}  // namespace kigumi
