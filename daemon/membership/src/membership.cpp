#include "kigumi/daemon/membership.hpp"

#include <algorithm>
#include <cmath>

#include "membership_core.hpp"

namespace kigumi {
namespace {

using namespace membership;

constexpr std::size_t kMaxSeeds = 256;

MembershipOptions consistent(MembershipOptions options) {
    const auto at_least_one = [](auto& value) {
        value = std::max<std::decay_t<decltype(value)>>(value, 1);
    };
    at_least_one(options.probe_ms);
    at_least_one(options.probe_timeout_ms);
    at_least_one(options.gossip_ms);
    at_least_one(options.exchange_ms);
    at_least_one(options.announce_ms);
    at_least_one(options.join_ms);
    at_least_one(options.retransmit_factor);
    at_least_one(options.news_per_message);
    options.probe_timeout_max_ms = std::max(options.probe_timeout_max_ms, options.probe_timeout_ms);
    return options;
}

}  // namespace

Membership::Core::Core(Member self_member, MembershipOptions options, std::uint64_t now_ms,
                       std::shared_ptr<MembershipPolicy> policy)
    : self(std::move(self_member)),
      options_(consistent(std::move(options))),
      policy_(std::move(policy)),
      started_ms_(now_ms),
      highest_start_(std::min(self.incarnation, kMaxToldIncarnation)),
      now_ms_(now_ms),
      due_ms_(UINT64_MAX),
      next_number_(options_.random()),
      probe_at_ms_(now_ms + random_below(options_.probe_ms)),
      gossip_at_ms_(now_ms),
      exchange_at_ms_(now_ms + jittered(options_.exchange_ms)),
      announce_at_ms_(now_ms + jittered(options_.announce_ms)),
      join_at_ms_(now_ms),
      forget_at_ms_(now_ms) {
    self.incarnation = std::min(self.incarnation, kMaxToldIncarnation);
    self.liveness = Liveness::kAlive;
    self.changed_ms = now_ms;
}

void Membership::Core::join(const Contact& seed) {
    if (seeds_.size() < kMaxSeeds) seeds_.push_back(seed);
}

Result<ReplicaId> Membership::Core::receive(std::string_view bytes, std::uint64_t now_ms,
                                            std::string_view proved_key) {
    notice_stall(now_ms);
    KIGUMI_TRY(const Message message, decode(bytes));
    if (!proved_key.empty() && message.sender.key != proved_key)
        return fail(ErrorCode::kCorrupt, "a message names another key than its connection showed");
    const ReplicaId sender = message.sender.replica;
    // A seed may be this node's own address.
    if (left_ || sender == self.contact.replica) return sender;
    if (policy_) KIGUMI_CHECK(policy_->claim(message.sender.key, sender));
    const Teller from{message.sender, trusts(message.sender.key),
                      std::holds_alternative<Exchange>(message.body)};
    consider({message.sender, message.incarnation, Liveness::kAlive, {}}, from);
    bool wrong = false;
    for (const Claim& claim : message.claims) {
        if (claim.contact.replica == self.contact.replica)
            wrong = consider_self(claim, from) || wrong;
        else if (believable(claim, from))
            consider(claim, from);
        else
            ++ignored_claims;
    }
    // Once, however often it says it.
    if (wrong) send(message.sender, Gossip{});
    if (Peer* const peer = find(sender)) peer->heard_ms = now_ms_;
    std::visit([&](const auto& body) { on(from, body); }, message.body);
    if (Peer* const peer = find(sender)) tell_what_we_think(*peer);
    return sender;
}

void Membership::Core::heard(const ReplicaId& replica, std::uint64_t now_ms) {
    Peer* const peer = find(replica);
    if (peer != nullptr) peer->heard_ms = std::max(peer->heard_ms, now_ms);
}

void Membership::Core::tick(std::uint64_t now_ms) {
    notice_stall(now_ms);
    if (left_) return;
    run_errands();
    go_on_with_probe();
    if (now_ms_ >= probe_at_ms_ && !probe_) probe_next();
    expire_suspicions();
    if (now_ms_ >= gossip_at_ms_) gossip();
    if (now_ms_ >= exchange_at_ms_) exchange_with_somebody();
    if (now_ms_ >= announce_at_ms_) announce();
    if (now_ms_ >= join_at_ms_) try_seeds();
    if (now_ms_ >= forget_at_ms_) forget_old();
    due_ms_ = next_wakeup();
}

void Membership::Core::review() {
    if (!policy_) return;
    std::erase_if(peers_, [this](const auto& entry) {
        return !policy_->is_listed(entry.second.member.contact.key);
    });
    std::erase_if(seeds_, [this](const Contact& seed) {
        return !seed.key.empty() && !policy_->is_listed(seed.key);
    });
}

void Membership::Core::leave() {
    if (left_) return;
    self.liveness = Liveness::kLeft;
    // More than the fan-out: nobody will repeat it on our behalf if none of them hears it.
    constexpr std::size_t kTold = 16;
    news_.add(own_claim());
    for (const Contact& contact : some(kTold, Liveness::kSuspect, {})) {
        actions.sends.push_back(
            {contact, encode({self.contact, self.incarnation, Gossip{}, {own_claim()}})});
    }
    left_ = true;
}

void Membership::Core::rename(const ReplicaId& replica) {
    if (replica == self.contact.replica) return;
    self.liveness = Liveness::kLeft;
    news_.add(own_claim());
    self.liveness = Liveness::kAlive;
    self.contact.replica = replica;
    peers_.erase(replica);
    news_.add(own_claim());
}

std::uint64_t Membership::Core::next_wakeup() const {
    if (left_) return UINT64_MAX;
    std::uint64_t at = std::min({exchange_at_ms_, announce_at_ms_, join_at_ms_, forget_at_ms_});
    if (!news_.empty()) at = std::min(at, gossip_at_ms_);
    if (!probe_) {
        at = std::min(at, probe_at_ms_);
    } else {
        at = std::min(at, probe_->end_ms);
        if (!probe_->answered && probe_->ask_others_ms != 0)
            at = std::min(at, probe_->ask_others_ms);
    }
    for (const auto& [number, errand] : errands_)
        at = std::min(at, errand.nack_ms != 0 ? errand.nack_ms : errand.end_ms);
    const std::size_t all = live();
    for (const auto& [replica, peer] : peers_)
        if (peer.member.liveness == Liveness::kSuspect)
            at =
                std::min(at, peer.suspicion.since_ms + suspicion_ms(options_, peer.suspicion, all));
    return at;
}

std::vector<Member> Membership::Core::members() const {
    std::vector<Member> all;
    for (const auto& [replica, peer] : peers_) all.push_back(peer.member);
    return all;
}

Membership::Core::Peer* Membership::Core::find(const ReplicaId& replica) {
    const auto it = peers_.find(replica);
    return it == peers_.end() ? nullptr : &it->second;
}

std::size_t Membership::Core::live() const {
    return 1 + static_cast<std::size_t>(
                   std::count_if(peers_.begin(), peers_.end(),
                                 [this](const auto& entry) { return takes_part(entry.second); }));
}

std::size_t Membership::Core::tellings() const {
    const double size = std::ceil(std::log10(static_cast<double>(live()) + 1));
    return options_.retransmit_factor * static_cast<std::size_t>(size);
}

std::vector<Contact> Membership::Core::some(std::size_t count, Liveness upto,
                                            const ReplicaId& except, bool trusted_only) {
    std::vector<const Contact*> all;
    for (const auto& [replica, peer] : peers_)
        if (replica != except && peer.member.liveness <= upto &&
            (!trusted_only || trusts(peer.member.contact.key)))
            all.push_back(&peer.member.contact);
    std::vector<Contact> chosen;
    for (std::size_t i = 0; i < all.size() && chosen.size() < count; ++i) {
        std::swap(all[i], all[i + random_below(all.size() - i)]);
        chosen.push_back(*all[i]);
    }
    return chosen;
}

Membership::Membership(Member self, MembershipOptions options, std::uint64_t now_ms,
                       std::shared_ptr<MembershipPolicy> policy)
    : core_(
          std::make_unique<Core>(std::move(self), std::move(options), now_ms, std::move(policy))) {}
Membership::~Membership() = default;

void Membership::join(const Contact& seed) { core_->join(seed); }
Result<ReplicaId> Membership::receive(std::string_view message, std::uint64_t now_ms,
                                      std::string_view proved_key) {
    return core_->receive(message, now_ms, proved_key);
}
void Membership::heard(const ReplicaId& replica, std::uint64_t now_ms) {
    core_->heard(replica, now_ms);
}
void Membership::doubt(const ReplicaId& replica) { core_->doubt(replica); }
void Membership::tick(std::uint64_t now_ms) { core_->tick(now_ms); }
void Membership::review() { core_->review(); }
void Membership::leave() { core_->leave(); }
void Membership::rename(const ReplicaId& replica) { core_->rename(replica); }
std::uint64_t Membership::next_wakeup() const { return core_->next_wakeup(); }
Membership::Actions Membership::take_actions() { return std::exchange(core_->actions, {}); }
const Member& Membership::self() const { return core_->self; }
std::vector<Member> Membership::members() const { return core_->members(); }
std::uint64_t Membership::ignored_claims() const { return core_->ignored_claims; }
unsigned Membership::self_doubt() const { return core_->doubt_of_self; }

}  // namespace kigumi
