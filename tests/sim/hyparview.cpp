#include "hyparview.hpp"

#include <algorithm>

namespace kigumi::sim {
namespace {

constexpr unsigned kActiveWalk = 6;
constexpr unsigned kPassiveWalk = 3;
constexpr std::size_t kShuffledActive = 3;
constexpr std::size_t kShuffledPassive = 4;
constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

bool contains(const std::vector<std::size_t>& view, std::size_t node) {
    return std::find(view.begin(), view.end(), node) != view.end();
}

}  // namespace

void HyParView::join() {
    const Index self = nodes_.size();
    nodes_.emplace_back();
    if (self == 0) return;
    Index contact = random_.below(self);
    while (!nodes_[contact].alive) contact = random_.below(self);
    nodes_[self].active.push_back(contact);
    send({Message::Kind::kJoin, self, contact});
    deliver();
}

void HyParView::round(bool shuffle) {
    for (Index i = 0; i < nodes_.size(); ++i)
        if (nodes_[i].alive) replace_lost(i);
    deliver();
    if (!shuffle) return;
    for (Index i = 0; i < nodes_.size(); ++i)
        if (nodes_[i].alive) begin_shuffle(i);
    deliver();
}

Graph HyParView::graph() const {
    Graph graph(nodes_.size());
    for (Index i = 0; i < nodes_.size(); ++i) {
        if (!nodes_[i].alive) graph.remove(i);
        for (const Index other : nodes_[i].active) graph.add(i, other);
    }
    return graph;
}

void HyParView::send(Message message) {
    ++messages_;
    on_their_way_.push(std::move(message));
}

void HyParView::deliver() {
    for (; !on_their_way_.empty(); on_their_way_.pop())
        if (nodes_[on_their_way_.front().to].alive) on(on_their_way_.front());
}

void HyParView::on(const Message& message) {
    Node& self = nodes_[message.to];
    switch (message.kind) {
        case Message::Kind::kJoin:
            make_active(message.to, message.from);
            for (const Index other : self.active)
                if (other != message.from)
                    send({Message::Kind::kForwardJoin, message.to, other, message.from,
                          kActiveWalk});
            break;
        case Message::Kind::kForwardJoin:
            return on_forward_join(message);
        case Message::Kind::kConnect:
            return make_active(message.to, message.from);
        case Message::Kind::kNeighbour:
            return on_neighbour(message);
        case Message::Kind::kRefuse:
            ++self.lost;
            [[fallthrough]];
        case Message::Kind::kDisconnect:
            std::erase(self.active, message.from);
            return make_passive(message.to, message.from);
        case Message::Kind::kShuffle:
            return on_shuffle(message);
        case Message::Kind::kReply:
            for (const Index other : message.sample) make_passive(message.to, other);
            break;
    }
}

void HyParView::on_forward_join(const Message& message) {
    const Index self = message.to;
    const Index next = any_but(nodes_[self].active, message.from);
    if (message.hops_left == 0 || nodes_[self].active.size() <= 1 || next == kNobody) {
        if (message.subject == self || contains(nodes_[self].active, message.subject)) return;
        make_active(self, message.subject);
        return send({Message::Kind::kConnect, self, message.subject});
    }
    if (message.hops_left == kPassiveWalk) make_passive(self, message.subject);
    send({Message::Kind::kForwardJoin, self, next, message.subject, message.hops_left - 1});
}

void HyParView::on_neighbour(const Message& message) {
    const Index self = message.to;
    if (!message.urgent && nodes_[self].active.size() >= kActive)
        return send({Message::Kind::kRefuse, self, message.from});
    make_active(self, message.from);
}

void HyParView::on_shuffle(const Message& message) {
    const Index self = message.to;
    const Index next = any_but(nodes_[self].active, message.from);
    if (message.hops_left > 0 && nodes_[self].active.size() > 1 && next != kNobody) {
        Message forward = message;
        forward.from = self;
        forward.to = next;
        --forward.hops_left;
        return send(std::move(forward));
    }
    Message reply{Message::Kind::kReply, self, message.subject};
    reply.sample = some(nodes_[self].passive, message.sample.size());
    send(std::move(reply));
    for (const Index other : message.sample) make_passive(self, other);
}

void HyParView::make_active(Index self, Index other) {
    auto& active = nodes_[self].active;
    if (self == other || contains(active, other)) return;
    if (active.size() >= kActive) drop_active(self, active[random_.below(active.size())]);
    std::erase(nodes_[self].passive, other);
    active.push_back(other);
}

void HyParView::drop_active(Index self, Index other) {
    std::erase(nodes_[self].active, other);
    make_passive(self, other);
    send({Message::Kind::kDisconnect, self, other});
}

void HyParView::make_passive(Index self, Index other) {
    auto& passive = nodes_[self].passive;
    if (self == other || contains(nodes_[self].active, other) || contains(passive, other)) return;
    if (passive.size() >= kPassive)
        passive.erase(passive.begin() + static_cast<std::ptrdiff_t>(random_.below(passive.size())));
    passive.push_back(other);
}

/// Links to the dead break; connecting to them fails at once and tells so. Only failures are made
/// up for: whoever is hung up on waits for others to ask, so that there are free places.
void HyParView::replace_lost(Index self) {
    Node& node = nodes_[self];
    node.lost += std::erase_if(node.active, [this](Index other) { return !nodes_[other].alive; });
    if (node.active.empty()) node.lost = std::max<std::size_t>(node.lost, 1);
    node.lost = std::min(node.lost, kActive - node.active.size());
    for (const Index other : some(node.passive, kPassive)) {
        if (node.lost == 0) return;
        if (!nodes_[other].alive) {
            ++messages_;
            std::erase(node.passive, other);
            continue;
        }
        Message ask{Message::Kind::kNeighbour, self, other};
        ask.urgent = node.active.empty();
        make_active(self, other);
        --node.lost;
        send(std::move(ask));
    }
}

void HyParView::begin_shuffle(Index self) {
    const Index to = any_but(nodes_[self].active, kNobody);
    if (to == kNobody) return;
    Message shuffle{Message::Kind::kShuffle, self, to, self, kActiveWalk};
    shuffle.sample = some(nodes_[self].active, kShuffledActive);
    const auto passive = some(nodes_[self].passive, kShuffledPassive);
    shuffle.sample.insert(shuffle.sample.end(), passive.begin(), passive.end());
    shuffle.sample.push_back(self);
    send(std::move(shuffle));
}

HyParView::Index HyParView::any_but(const std::vector<Index>& view, Index other) {
    std::vector<Index> rest = view;
    std::erase(rest, other);
    return rest.empty() ? kNobody : rest[random_.below(rest.size())];
}

std::vector<HyParView::Index> HyParView::some(std::vector<Index> view, std::size_t count) {
    for (std::size_t i = 0; i < view.size(); ++i)
        std::swap(view[i], view[i + random_.below(view.size() - i)]);
    view.resize(std::min(view.size(), count));
    return view;
}

}  // namespace kigumi::sim
