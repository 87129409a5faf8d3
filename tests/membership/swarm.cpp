#include "membership/swarm.hpp"

#include <algorithm>

namespace kigumi::sim {

using membership::Contact;
using membership::Liveness;

namespace {

std::string address_of(std::size_t node) { return "n" + std::to_string(node) + ":1"; }

}  // namespace

Swarm::Swarm(SwarmOptions options)
    : options_(std::move(options)), random_(options_.seed), nodes_(options_.nodes) {}

ReplicaId Swarm::replica(std::size_t node) {
    // Spread, so that the order of the ids is not that of the nodes.
    Random bytes(node + 1);
    ReplicaId::Bytes id{};
    for (auto& byte : id) byte = static_cast<std::uint8_t>(bytes.next());
    id[0] = static_cast<std::uint8_t>(node >> 8);
    id[1] = static_cast<std::uint8_t>(node);
    return ReplicaId(id);
}

std::optional<std::size_t> Swarm::index_of(const std::string& address) {
    return static_cast<std::size_t>(std::stoul(address.substr(1)));
}

void Swarm::start(std::size_t index, std::size_t seed, std::uint64_t incarnation) {
    Node& node = nodes_[index];
    node.life += 1;
    node.stalled_until_ms = 0;
    node.inbox.clear();
    node.outbox.clear();
    node.opinions.assign(nodes_.size(), std::nullopt);
    MembershipOptions options = options_.membership;
    auto generator = std::make_shared<Random>(random_.next());
    options.random = [generator] { return generator->next(); };
    node.membership = std::make_unique<Membership>(
        membership::Member{{replica(index), address_of(index), "", false},
                           incarnation == 0 ? now_ms_ : incarnation,
                           Liveness::kAlive,
                           0},
        options, now_ms_);
    if (seed != index) node.membership->join({{}, address_of(seed), "", false});
    push(now_ms_, What::kTick, index);
    node.tick_at_ms = now_ms_;
}

bool Swarm::start_all(std::uint64_t limit_ms) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        start(i, 0);
        run(random_.below(20));
    }
    return run_while_not(limit_ms, [this] { return all_alive(); });
}

void Swarm::kill(std::size_t node) {
    nodes_[node].membership.reset();
    nodes_[node].life += 1;
}

void Swarm::leave(std::size_t node) {
    nodes_[node].membership->leave();
    collect(node);
    kill(node);
}

void Swarm::stall(std::size_t node, std::uint64_t until_ms, Stall kind) {
    nodes_[node].stalled_until_ms = until_ms;
    nodes_[node].stall = kind;
    push(until_ms, What::kResume, node);
}

void Swarm::hear(std::size_t observer, std::size_t subject) {
    nodes_[observer].membership->heard(replica(subject), now_ms_);
}

void Swarm::push(std::uint64_t at_ms, What what, std::size_t node, std::string message) {
    steps_.push({at_ms, ++order_, what, node, nodes_[node].life, std::move(message)});
}

void Swarm::run_until(std::uint64_t at_ms) {
    while (!steps_.empty() && steps_.top().at_ms <= at_ms) {
        // The order is by time and number, which moving the message out does not touch.
        Step step = std::move(const_cast<Step&>(steps_.top()));
        steps_.pop();
        now_ms_ = std::max(now_ms_, step.at_ms);
        take(step);
    }
    now_ms_ = at_ms;
}

void Swarm::take(Step& step) {
    Node& node = nodes_[step.node];
    if (!node.membership || node.life != step.life) return;
    if (step.what == What::kResume) return resume(step.node);
    if (step.what == What::kMessage) {
        if (stalled(step.node) || !node.inbox.empty()) {
            node.inbox.push_back(std::move(step.message));
            return;
        }
        static_cast<void>(node.membership->receive(step.message, now_ms_));
        return collect(step.node);
    }
    if (node.tick_at_ms != step.at_ms) return;
    node.tick_at_ms = UINT64_MAX;
    if (stalled(step.node) && node.stall == Stall::kFrozen) return;
    node.membership->tick(now_ms_);
    collect(step.node);
}

void Swarm::resume(std::size_t index) {
    Node& node = nodes_[index];
    if (stalled(index)) return;
    // Whether the timers or the messages are served first is the operating system's choice.
    if (random_.chance(50)) {
        node.membership->tick(now_ms_);
        collect(index);
    }
    for (const Membership::Send& send : std::exchange(node.outbox, {})) transmit(index, send);
    for (const std::string& message : std::exchange(node.inbox, {}))
        static_cast<void>(node.membership->receive(message, now_ms_));
    node.membership->tick(now_ms_);
    collect(index);
}

void Swarm::collect(std::size_t index) {
    Node& node = nodes_[index];
    auto actions = node.membership->take_actions();
    for (Membership::Send& send : actions.sends) {
        if (stalled(index))
            node.outbox.push_back(std::move(send));
        else
            transmit(index, send);
    }
    for (const auto& member : actions.changes) {
        const auto subject = index_of(member.contact.address);
        if (node.opinions[*subject] == member.liveness) continue;
        node.opinions[*subject] = member.liveness;
        events_.push_back({now_ms_, index, *subject, member.liveness});
    }
    const std::uint64_t due_ms = std::max(node.membership->next_wakeup(), now_ms_ + 1);
    if (due_ms < node.tick_at_ms) {
        node.tick_at_ms = due_ms;
        if (due_ms != UINT64_MAX) push(due_ms, What::kTick, index);
    }
}

void Swarm::transmit(std::size_t from, const Membership::Send& send) {
    const auto to = index_of(send.to.address);
    messages_ += 1;
    bytes_ += send.message.size();
    if (!to || *to >= nodes_.size()) return;
    if (!groups_.empty() && groups_[from] != groups_[*to]) return;
    if (random_.chance(options_.loss_percent)) return;
    const std::uint64_t delay = random_.between(options_.delay_min_ms, options_.delay_max_ms);
    push(now_ms_ + delay, What::kMessage, *to, send.message);
}

std::optional<Liveness> Swarm::opinion(std::size_t observer, std::size_t subject) const {
    return nodes_[observer].opinions[subject];
}

bool Swarm::all_alive() const {
    for (std::size_t subject = 0; subject < nodes_.size(); ++subject)
        if (nodes_[subject].membership && !agreed(subject, Liveness::kAlive)) return false;
    return true;
}

bool Swarm::agreed(std::size_t subject, Liveness liveness) const {
    for (std::size_t i = 0; i < nodes_.size(); ++i)
        if (i != subject && nodes_[i].membership && opinion(i, subject) != liveness) return false;
    return true;
}

}  // namespace kigumi::sim
