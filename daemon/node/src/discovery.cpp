#include "discovery.hpp"

#include <algorithm>

namespace kigumi {
namespace {

using membership::Contact;
using membership::Liveness;
using membership::Member;
using Level = Effects::Note::Level;

constexpr std::uint64_t kUpkeepMs = 100;
constexpr std::uint64_t kRememberMs = 1'000;
/// A line on which nothing came for so long may be dead: another one is tried beside it.
constexpr std::uint64_t kSilentMs = 2'000;
constexpr std::uint64_t kIdleLineMs = 90'000;
constexpr std::size_t kMaxLines = 256;
/// Of two nodes the one with the smaller id dials, after a moment in which the other may have been
/// told to; the other one only if that does not seem to work.
constexpr std::uint64_t kDialAfterMs = 300;
constexpr std::uint64_t kDialAnywayAfterMs = 3'000;
/// An address of an earlier life that led to nobody is tried for so long.
constexpr std::uint64_t kForgetContactMs = std::uint64_t{30} * 86'400'000;
/// Messages of one key, at once and in each second, counting one more for each 4 KiB: some twenty
/// times what nodes send that share a key.
constexpr double kMessages = 1'000;
constexpr double kMessagesPerS = 200;
constexpr double kBytesPerMessage = 4'096;
/// Dials to addresses that one key has told: its own, which it may change, …
constexpr double kDials = 8;
constexpr double kDialsPerS = 0.1;
/// … or, if it may gossip, all that a newcomer has to reach.
constexpr double kGossipedDials = 512;
constexpr double kGossipedDialsPerS = 8;

bool takes_part(const Member& member) { return member.liveness <= Liveness::kSuspect; }

}  // namespace

Discovery::Discovery(Store& store, Contact self, std::vector<Contact> configured,
                     MembershipOptions options, NeighbourOptions neighbours, Wires wires,
                     std::shared_ptr<MembershipPolicy> policy, std::uint64_t now_ms)
    : store_(store),
      configured_(std::move(configured)),
      wires_(std::move(wires)),
      policy_(std::move(policy)),
      messages_(kMessages, kMessagesPerS),
      dials_(kDials, kDialsPerS),
      gossiped_dials_(kGossipedDials, kGossipedDialsPerS),
      now_ms_(now_ms),
      membership_({self, store.wall_ms(), Liveness::kAlive, now_ms, {}}, std::move(options), now_ms,
                  policy_),
      neighbour_options_(neighbours),
      neighbours_(std::in_place, Candidate{self.replica, self.leaf}, neighbours),
      remembered_(store.contacts().value_or(std::vector<ContactRecord>())) {
    for (const Contact& peer : configured_) membership_.join(peer);
    std::erase_if(remembered_, [&](const ContactRecord& contact) {
        return contact.replica == self.replica || contact.address == self.address ||
               !is_listed(contact.key) || contact.changed_ms + kForgetContactMs < store.wall_ms();
    });
    for (ContactRecord& contact : remembered_) {
        membership_.join({{}, contact.address, contact.key, false});
        // Nothing is believed of it until it is heard of again.
        contact.opinion.clear();
    }
}

void Discovery::link_up(LinkId link, const std::string& address, std::string proved_key) {
    Line& line = lines_[link];
    line.address = address;
    line.proved_key = std::move(proved_key);
    line.used_ms = now_ms_;
}

void Discovery::link_down(LinkId link) { lines_.erase(link); }

Result<void> Discovery::receive(LinkId link, std::string_view message, std::uint64_t now_ms) {
    now_ms_ = now_ms;
    const auto it = lines_.find(link);
    if (it == lines_.end()) return {};
    const double cost = 1 + static_cast<double>(message.size()) / kBytesPerMessage;
    if (policy_ && !messages_.take(it->second.proved_key, now_ms, cost)) {
        ++dropped_messages_;
        return {};
    }
    const auto sender = membership_.receive(message, now_ms, it->second.proved_key);
    if (!sender) {
        const ErrorCode code = sender.error().code;
        const bool later =
            code == ErrorCode::kBusy || code == ErrorCode::kFull || code == ErrorCode::kIo;
        if (!later) return tl::unexpected<Error>(sender.error());
        ++dropped_messages_;
        return {};
    }
    it->second.replica = *sender;
    it->second.heard_ms = now_ms;
    it->second.used_ms = now_ms;
    act();
    return {};
}

void Discovery::tick(const std::vector<LinkedPeer>& linked, std::uint64_t now_ms) {
    now_ms_ = now_ms;
    if (now_ms >= upkeep_at_ms_) {
        upkeep_at_ms_ = now_ms + kUpkeepMs;
        look_at(linked);
        close_idle_lines();
    }
    if (now_ms >= remember_at_ms_) {
        remember_at_ms_ = now_ms + kRememberMs;
        check_identity();
        changed_ = changed_ || doubt_ != membership_.self_doubt();
        doubt_ = membership_.self_doubt();
        if (std::exchange(changed_, false)) remember();
    }
    if (now_ms >= membership_.next_wakeup()) membership_.tick(now_ms);
    act();
}

std::uint64_t Discovery::next_wakeup() const {
    return std::min({membership_.next_wakeup(), upkeep_at_ms_, remember_at_ms_});
}

std::uint64_t Discovery::wall_time_of(std::uint64_t ms) const {
    const std::uint64_t wall_ms = store_.wall_ms();
    return wall_ms - std::min(now_ms_ - std::min(ms, now_ms_), wall_ms);
}

MembershipStatus Discovery::status() const {
    MembershipStatus status{membership_.self_doubt(), membership_.members(),
                            membership_.ignored_claims(), dropped_messages_};
    for (Member& member : status.members) member.changed_ms = wall_time_of(member.changed_ms);
    return status;
}

void Discovery::review() {
    membership_.review();
    std::set<ReplicaId> left;
    for (const Member& member : membership_.members()) left.insert(member.contact.replica);
    std::erase_if(members_, [&](const auto& entry) { return !left.contains(entry.first); });
    std::erase_if(remembered_, [&](const auto& contact) { return !is_listed(contact.key); });
    changed_ = true;
    update_neighbours();
}

void Discovery::leave() {
    membership_.leave();
    act();
}

void Discovery::act() {
    auto actions = membership_.take_actions();
    for (const Member& member : actions.changes) follow(member);
    if (!actions.changes.empty()) update_neighbours();
    for (const auto& send : actions.sends) deliver(send.to, send.message);
}

void Discovery::follow(const Member& member) {
    const auto before = members_.find(member.contact.replica);
    const bool was_gone = before != members_.end() && !takes_part(before->second);
    const bool same = before != members_.end() && before->second.liveness == member.liveness;
    members_[member.contact.replica] = member;
    changed_ = true;
    if (!same)
        wires_.note(
            {member.liveness == Liveness::kSuspect ? Level::kDebug : Level::kInfo,
             "member." + std::string(name_of(member.liveness)),
             "replica=" + member.contact.replica.hex() + " address=" + member.contact.address});
    if (was_gone && takes_part(member)) redial(member.contact);
}

void Discovery::update_neighbours() {
    std::vector<Candidate> alive;
    for (const auto& [replica, member] : members_)
        if (takes_part(member)) alive.push_back({replica, member.contact.leaf});
    neighbours_->update(alive, now_ms_);
}

void Discovery::deliver(const Contact& to, const std::string& message) {
    // The line on which it was last heard; and if that is long ago, also one that we dial.
    LinkId best = 0;
    std::uint64_t heard_ms = 0;
    for (const auto& [link, line] : lines_) {
        if (to.replica == ReplicaId() || line.replica != to.replica || line.heard_ms < heard_ms)
            continue;
        best = link;
        heard_ms = line.heard_ms;
    }
    std::vector<LinkId> ways;
    if (best != 0) ways.push_back(best);
    if (best == 0 || heard_ms + kSilentMs < now_ms_) {
        open_line(to);
        for (const auto& [link, line] : lines_)
            if (line.address == to.address && link != best) ways.push_back(link);
    }
    // Sending may show that a connection is gone.
    for (const LinkId link : ways) {
        const auto line = lines_.find(link);
        if (line == lines_.end()) continue;
        line->second.used_ms = now_ms_;
        wires_.send(link, message);
    }
}

bool Discovery::has_line_to(const Contact& to) const {
    return std::any_of(lines_.begin(), lines_.end(), [&](const auto& entry) {
        const Line& line = entry.second;
        // One that was dialled to the holder of another key, and has never spoken, leads nowhere.
        return line.address == to.address &&
               (to.key.empty() || line.heard_ms != 0 || line.proved_key == to.key ||
                is_configured(to.address));
    });
}

Result<void> Discovery::dial(const Contact& to, bool control) {
    if (!policy_) return wires_.dial(to, control);
    if (is_configured(to.address)) {
        // Not as the holder of a key that says to be there, but as the configuration has it.
        const auto peer =
            std::find_if(configured_.begin(), configured_.end(),
                         [&](const Contact& one) { return one.address == to.address; });
        return wires_.dial(*peer, control);
    }
    if (!is_listed(to.key))
        return fail(ErrorCode::kInvalidArgument,
                    "the key of " + to.address + " is not listed here, or not known");
    const auto member = members_.find(to.replica);
    // A way in from an earlier life was told by nobody in this one.
    std::string teller = to.key;
    if (member != members_.end() && !member->second.told_by.empty())
        teller = member->second.told_by;
    const bool gossips = policy_->may_gossip(teller);
    // It could keep this node from reaching another one by saying to be where that is.
    const bool taken = std::any_of(members_.begin(), members_.end(), [&](const auto& entry) {
        const Contact& other = entry.second.contact;
        return takes_part(entry.second) && other.address == to.address &&
               !policy_->is_same_peer(other.key, to.key);
    });
    if (taken && !gossips)
        return fail(ErrorCode::kInvalidArgument, to.address + " is where another member is");
    auto& dials = gossips ? gossiped_dials_ : dials_;
    if (!dials.take(teller, now_ms_))
        return fail(ErrorCode::kBusy, "the holder of key " + teller +
                                          " has told of more addresses than are dialled at once");
    hang_up_on_others_at(to, control);
    return wires_.dial(to, control);
}

void Discovery::hang_up_on_others_at(const Contact& to, bool control) {
    if (control) {
        const auto other = std::find_if(lines_.begin(), lines_.end(), [&](const auto& entry) {
            return entry.second.address == to.address && entry.second.heard_ms == 0 &&
                   entry.second.proved_key != to.key;
        });
        if (other != lines_.end()) wires_.hang_up(to.address, true);
        return;
    }
    const auto erased = std::erase_if(dialled_, [&](const auto& entry) {
        return entry.second.address == to.address && entry.second.key != to.key &&
               !linked_.contains(entry.first);
    });
    if (erased > 0) wires_.hang_up(to.address, false);
}

void Discovery::open_line(const Contact& to) {
    if (has_line_to(to)) return;
    if (const auto opened = dial(to, true); !opened)
        wires_.note({Level::kDebug, "member.unreachable", opened.error().message});
}

void Discovery::close_idle_lines() {
    std::vector<std::pair<std::uint64_t, std::string>> dialled;
    for (const auto& [link, line] : lines_)
        if (!line.address.empty()) dialled.emplace_back(line.used_ms, line.address);
    std::sort(dialled.begin(), dialled.end());
    std::size_t left = dialled.size();
    for (const auto& [used_ms, address] : dialled) {
        if (used_ms + kIdleLineMs > now_ms_ && left <= kMaxLines) return;
        wires_.hang_up(address, true);
        --left;
    }
}

void Discovery::look_at(const std::vector<LinkedPeer>& linked) {
    std::set<ReplicaId> now_linked;
    for (const LinkedPeer& peer : linked) {
        now_linked.insert(peer.replica);
        membership_.heard(peer.replica, peer.heard_ms);
    }
    for (const ReplicaId& replica : linked_)
        if (!now_linked.contains(replica)) membership_.doubt(replica);
    linked_ = std::move(now_linked);
    neighbours_->tick(now_ms_);
    const std::set<ReplicaId> wanted = neighbours_->wanted();
    hang_up_on_surplus(wanted, linked);
    dial_missing(wanted);
}

void Discovery::dial_missing(const std::set<ReplicaId>& wanted) {
    const Contact& self = membership_.self().contact;
    std::erase_if(missing_since_, [&](const auto& entry) {
        return linked_.contains(entry.first) || !wanted.contains(entry.first);
    });
    for (const ReplicaId& replica : wanted) {
        const auto member = members_.find(replica);
        if (member == members_.end() || linked_.contains(replica) || dialled_.contains(replica))
            continue;
        const Contact& contact = member->second.contact;
        if (is_configured(contact.address)) continue;
        const std::uint64_t since = missing_since_.try_emplace(replica, now_ms_).first->second;
        const bool ours = self.leaf || self.replica < replica;
        if (now_ms_ < since + (ours ? kDialAfterMs : kDialAnywayAfterMs)) continue;
        if (const auto done = dial(contact, false); !done) {
            wires_.note({Level::kDebug, "member.unreachable", done.error().message});
            continue;
        }
        dialled_[replica] = contact;
    }
}

void Discovery::hang_up_on_surplus(const std::set<ReplicaId>& wanted,
                                   const std::vector<LinkedPeer>& linked) {
    const ReplicaId& self = membership_.self().contact.replica;
    const auto surplus = [&](const ReplicaId& replica, const Contact& contact) {
        const auto member = members_.find(replica);
        if (!wanted.contains(replica) || member == members_.end() ||
            member->second.contact != contact)
            return true;
        const auto own = std::find_if(linked.begin(), linked.end(), [&](const LinkedPeer& peer) {
            return peer.dialled && peer.replica == replica &&
                   peer.address.ends_with("//" + contact.address);
        });
        if (own == linked.end()) return false;
        // Both sides have dialled: one link is enough.
        return std::any_of(linked.begin(), linked.end(), [&](const LinkedPeer& peer) {
            return peer.replica == replica && peer.link != own->link &&
                   (peer.link < own->link || replica < self);
        });
    };
    std::erase_if(dialled_, [&](const auto& entry) {
        if (!surplus(entry.first, entry.second)) return false;
        wires_.hang_up(entry.second.address, false);
        return true;
    });
}

void Discovery::redial(const Contact& contact) {
    if (linked_.contains(contact.replica)) return;
    if (!is_configured(contact.address) && !dialled_.contains(contact.replica)) return;
    wires_.hang_up(contact.address, false);
    if (const auto done = dial(contact, false); !done)
        wires_.note({Level::kDebug, "member.unreachable", done.error().message});
}

bool Discovery::is_configured(const std::string& address) const {
    return std::any_of(configured_.begin(), configured_.end(),
                       [&address](const Contact& peer) { return peer.address == address; });
}

void Discovery::check_identity() {
    const auto replica = store_.replica();
    if (!replica || *replica == membership_.self().contact.replica) return;
    membership_.rename(*replica);
    neighbours_.emplace(Candidate{*replica, membership_.self().contact.leaf}, neighbour_options_);
    members_.erase(*replica);
    update_neighbours();
}

void Discovery::remember() {
    std::vector<ContactRecord> records;
    std::set<std::string> addresses;
    for (const Member& member : membership_.members()) {
        const Contact& contact = member.contact;
        records.push_back({contact.replica, contact.address, contact.key,
                           std::string(name_of(member.liveness)), wall_time_of(member.changed_ms)});
        addresses.insert(contact.address);
    }
    for (const ContactRecord& contact : remembered_)
        if (!addresses.contains(contact.address)) records.push_back(contact);
    if (const auto saved = store_.put_contacts(records, doubt_); !saved) {
        changed_ = true;
        wires_.note({Level::kWarning, "members.failed", saved.error().message});
    }
}

}  // namespace kigumi
