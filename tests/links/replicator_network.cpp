#include "replicator_network.hpp"

#include <algorithm>

namespace kigumi {

ReplicatorNetwork::NodeId ReplicatorNetwork::add(ReplicatorOptions options) {
    Node node;
    node.env = std::make_shared<kv::MemoryEnv>();
    node.options = std::move(options);
    // A linear congruential generator: any will do, and each run is the same.
    node.options.random = [this] {
        random_ = random_ * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
        return random_ >> 16;
    };
    open(node);
    nodes_.push_back(std::move(node));
    return nodes_.size() - 1;
}

void ReplicatorNetwork::open(Node& node) {
    StoreOptions store;
    store.wall_ms = [this] { return now_ms_; };
    node.replicator.reset();
    node.store = Store::over(node.env, std::move(store)).value();
    node.replicator = std::make_unique<Replicator>(*node.store, node.options);
}

std::shared_ptr<const kv::MemoryEnv::Tables> ReplicatorNetwork::state(NodeId node) {
    return std::make_shared<kv::MemoryEnv::Tables>(*nodes_[node].env->state());
}

void ReplicatorNetwork::restart(NodeId node, std::shared_ptr<const kv::MemoryEnv::Tables> state) {
    nodes_[node].replicator.reset();
    nodes_[node].env->restore(std::move(state));
    open(nodes_[node]);
    for (Connection& connection : connections_) {
        if (connection.end[0] != node && connection.end[1] != node) continue;
        for (const std::size_t end : {0, 1}) {
            if (connection.end[end] != node)
                nodes_[connection.end[end]].replicator->link_down(connection.link[end]);
            connection.link[end] = next_link_++;
            connection.closed[end] = false;
        }
        nodes_[connection.end[1]].replicator->link_up(connection.link[1], false, "accepted",
                                                      now_ms_);
        nodes_[connection.end[0]].replicator->link_up(connection.link[0], true, "dialled", now_ms_);
        wake(connection.end[0]);
    }
}

void ReplicatorNetwork::connect(NodeId dialler, NodeId acceptor, std::uint64_t delay_ms) {
    const LinkId link = 2 * connections_.size() + 1;
    connections_.push_back({{dialler, acceptor}, {link, link + 1}, delay_ms});
    nodes_[acceptor].replicator->link_up(link + 1, false, "accepted", now_ms_);
    nodes_[dialler].replicator->link_up(link, true, "node " + std::to_string(acceptor), now_ms_);
    wake(dialler);
}

void ReplicatorNetwork::set_delay(NodeId a, NodeId b, std::uint64_t delay_ms) {
    for (Connection& connection : connections_)
        if (std::minmax(connection.end[0], connection.end[1]) == std::minmax(a, b))
            connection.delay_ms = delay_ms;
}

void ReplicatorNetwork::inject(NodeId from, NodeId to, const std::string& message) {
    for (std::size_t i = 0; i < connections_.size(); ++i)
        for (const std::size_t end : {0, 1})
            if (connections_[i].end[end] == to && connections_[i].end[1 - end] == from)
                return flights_.push({now_ms_, order_++, i, end, message});
}

void ReplicatorNetwork::run_for(std::uint64_t ms) {
    const std::uint64_t end_ms = now_ms_ + ms;
    while (now_ms_ < end_ms) {
        std::uint64_t next = end_ms;
        if (!flights_.empty()) next = std::min(next, flights_.top().at_ms);
        for (const Node& node : nodes_)
            if (!node.stopped) next = std::min(next, node.replicator->next_wakeup());
        now_ms_ = std::clamp(next, now_ms_ + 1, end_ms);
        std::vector<bool> reached(nodes_.size());
        while (!flights_.empty() && flights_.top().at_ms <= now_ms_) {
            const Flight flight = flights_.top();
            flights_.pop();
            const Connection& connection = connections_[flight.connection];
            const NodeId to = connection.end[flight.to_end];
            if (nodes_[to].stopped || connection.closed[flight.to_end]) continue;
            nodes_[to].replicator->receive(connection.link[flight.to_end], flight.message, now_ms_);
            reached[to] = true;
        }
        for (NodeId node = 0; node < nodes_.size(); ++node)
            if (reached[node] || nodes_[node].replicator->next_wakeup() <= now_ms_) wake(node);
    }
}

bool ReplicatorNetwork::run_until(const std::function<bool()>& holds, std::uint64_t ms) {
    for (const std::uint64_t end_ms = now_ms_ + ms; now_ms_ < end_ms && !holds();) run_for(1);
    return holds();
}

void ReplicatorNetwork::write(NodeId node, const std::string& key, const std::string& value,
                              std::string_view bucket) {
    {
        auto tx = nodes_[node].store->write(bucket).value();
        tx.reg(key).assign(value).value();
        tx.commit().value();
    }
    nodes_[node].replicator->local_commit();
    wake(node);
}

VersionVector ReplicatorNetwork::version(NodeId node, std::string_view bucket) {
    return nodes_[node].store->read(bucket).value().version();
}

LinkStatus ReplicatorNetwork::link(NodeId node, NodeId peer) {
    const ReplicatorStatus status = nodes_[node].replicator->status();
    for (const Connection& connection : connections_)
        for (const std::size_t end : {0, 1})
            for (const LinkStatus& link : status.links)
                if (connection.end[end] == node && connection.end[1 - end] == peer &&
                    connection.link[end] == link.link)
                    return link;
    return {};
}

bool ReplicatorNetwork::closed(NodeId node, NodeId peer) const {
    return std::any_of(connections_.begin(), connections_.end(), [&](const auto& connection) {
        return (connection.end[0] == node && connection.end[1] == peer && connection.closed[0]) ||
               (connection.end[1] == node && connection.end[0] == peer && connection.closed[1]);
    });
}

void ReplicatorNetwork::wake(NodeId node) {
    if (nodes_[node].stopped) return;
    nodes_[node].replicator->tick(now_ms_);
    nodes_[node].replicator->flush(now_ms_);
    perform(node);
}

void ReplicatorNetwork::perform(NodeId node) {
    Effects effects = nodes_[node].replicator->take_effects();
    for (auto& send : effects.sends)
        for (std::size_t i = 0; i < connections_.size(); ++i)
            for (const std::size_t end : {0, 1}) {
                const Connection& connection = connections_[i];
                if (connection.end[end] != node || connection.link[end] != send.link) continue;
                if (passes && !passes(node, connection.end[1 - end], send.message)) continue;
                flights_.push(
                    {now_ms_ + connection.delay_ms, order_++, i, 1 - end, std::move(send.message)});
            }
    for (const auto& close : effects.closes)
        for (Connection& connection : connections_)
            for (const std::size_t end : {0, 1})
                if (connection.end[end] == node && connection.link[end] == close.link)
                    connection.closed[end] = true;
    for (auto& note : effects.notes) nodes_[node].notes.push_back(std::move(note));
}

}  // namespace kigumi
