#include "network.hpp"

#include <algorithm>

#include "protocol/messages.hpp"

namespace kigumi::sim {
namespace {

constexpr std::string_view kBucket = "default";

struct Carried {
    ReplicaId origin;
    std::uint64_t after;
    std::uint64_t upto;
};

/// The events that a push brings; of any other message, nothing.
std::vector<Carried> carried(std::string_view message) {
    constexpr char kPush = 4;
    constexpr char kPushChange = 16;
    std::vector<Carried> events;
    if (message[1] != kPush && message[1] != kPushChange) return events;
    const auto decoded = wire::decode(message).value();
    if (const auto* push = std::get_if<wire::Push>(&decoded); push && push->bucket == kBucket) {
        for (const auto& [origin, counter] : push->version)
            if (const std::uint64_t after = push->base[origin]; after < counter)
                events.push_back({origin, after, counter});
    }
    const auto* change = std::get_if<wire::PushChange>(&decoded);
    if (change == nullptr || change->bucket != kBucket) return events;
    const std::map<ReplicaId, std::uint64_t> upto(change->version.entries.begin(),
                                                  change->version.entries.end());
    for (const auto& [origin, after] : change->from)
        events.push_back({origin, after, upto.at(origin)});
    return events;
}

}  // namespace

void Traffic::count(std::string_view message) {
    // An array of less than 16, then the kind as a small integer.
    const auto kind = std::min<std::size_t>(static_cast<std::uint8_t>(message[1]), kKinds - 1);
    ++messages;
    bytes += message.size();
    ++messages_by_kind[kind];
    bytes_by_kind[kind] += message.size();
}

Traffic Traffic::since(const Traffic& earlier) const {
    Traffic rest = *this;
    rest.messages -= earlier.messages;
    rest.bytes -= earlier.bytes;
    for (std::size_t i = 0; i < kKinds; ++i) {
        rest.messages_by_kind[i] -= earlier.messages_by_kind[i];
        rest.bytes_by_kind[i] -= earlier.bytes_by_kind[i];
    }
    return rest;
}

Network::Network(Options options)
    : options_(std::move(options)), random_(options_.seed), nodes_(options_.nodes) {
    for (unsigned i = 0; i < size(); ++i) {
        Node& node = nodes_[i];
        StoreOptions store;
        store.wall_ms = [this] { return now_ms_; };
        store.random = [this](std::span<std::uint8_t> out) {
            for (auto& byte : out) byte = static_cast<std::uint8_t>(random_.next());
        };
        node.env = std::make_shared<kv::MemoryEnv>();
        node.store = Store::over(node.env, std::move(store)).value();
        node.replica = node.store->replica().value();
        start(i);
    }
}

void Network::start(unsigned index) {
    ReplicatorOptions options;
    options.audit_ms = 0;  // its first would come long after the end
    options.random = [this] { return random_.next(); };
    if (options_.tune) options_.tune(index, options);
    Node& node = nodes_[index];
    node.replicator = std::make_unique<Replicator>(*node.store, std::move(options));
    node.wake_ms = now_ms_;
}

void Network::connect(unsigned from, unsigned to) {
    const LinkId link = 2 * next_link_++;
    ends_[link] = {from, to, 0, {}};
    ends_[link + 1] = {to, from, 0, {}};
    links_[{from, to}] = link;
    links_[{to, from}] = link + 1;
    nodes_[from].replicator->link_up(link, true, "node", now_ms_);
    nodes_[to].replicator->link_up(link + 1, false, "node", now_ms_);
    nodes_[from].wake_ms = nodes_[to].wake_ms = now_ms_;
}

void Network::disconnect(unsigned one, unsigned other) {
    const LinkId link = links_.at({one, other});
    for (const LinkId end : {link, link ^ 1U}) {
        const auto it = ends_.find(end);
        if (Node& owner = nodes_[it->second.owner]; owner.replicator) {
            owner.replicator->link_down(end);
            owner.wake_ms = now_ms_;
        }
        ends_.erase(it);
    }
    links_.erase({one, other});
    links_.erase({other, one});
}

bool Network::connected(unsigned one, unsigned other) const {
    return links_.contains({one, other});
}

void Network::kill(unsigned node) { nodes_[node].replicator.reset(); }

void Network::revive(unsigned node) {
    std::vector<unsigned> former;
    for (auto it = links_.lower_bound({node, 0}); it != links_.end() && it->first.first == node;
         ++it)
        former.push_back(it->first.second);
    for (const unsigned other : former) disconnect(node, other);
    start(node);
}

void Network::step() {
    while (!flights_.empty() && flights_.top().at_ms <= now_ms_) {
        const Flight flight = flights_.top();
        flights_.pop();
        const auto end = ends_.find(flight.link);
        if (end == ends_.end() || !running(end->second.owner)) continue;
        for (const Carried& events : carried(flight.message))
            end->second.pushed.raise(events.origin, events.upto);
        Node& node = nodes_[end->second.owner];
        node.replicator->receive(flight.link, flight.message, now_ms_);
        node.wake_ms = now_ms_;
    }
    for (unsigned i = 0; i < size(); ++i)
        if (running(i) && nodes_[i].wake_ms <= now_ms_) wake(i);
    ++now_ms_;
}

void Network::write(unsigned index, bool followed) {
    Node& node = nodes_[index];
    auto tx = node.store->write().value();
    static_cast<void>(tx.set("broadcast").add(static_cast<std::int64_t>(++values_)).value());
    tx.commit().value();
    node.replicator->local_commit();
    node.wake_ms = now_ms_;
    if (!followed) return;
    ++followed_;
    const VersionVector version = node.store->read().value().version();
    written_[{node.replica, version[node.replica]}] = {now_ms_, version};
}

void Network::wake(unsigned index) {
    Node& node = nodes_[index];
    node.replicator->tick(now_ms_);
    node.replicator->flush(now_ms_);
    node.wake_ms = std::max(now_ms_ + 1, node.replicator->next_wakeup());
    for (auto& send : node.replicator->take_effects().sends) {
        traffic_.count(send.message);
        const auto from = ends_.find(send.link);
        if (from == ends_.end()) continue;
        End& to = ends_.at(send.link ^ 1U);
        for (const Carried& events : carried(send.message))
            if (events.after < from->second.pushed[events.origin]) ++sent_back_;
        if (lost && lost(from->second.owner, from->second.other)) continue;
        const std::uint64_t hop_ms = options_.hop_ms + random_.below(options_.hop_jitter_ms + 1);
        to.last_arrival_ms = std::max(to.last_arrival_ms, now_ms_ + hop_ms);
        flights_.push({to.last_arrival_ms, ++order_, send.link ^ 1U, std::move(send.message)});
    }
    if (std::exchange(node.seen_commits, node.env->commits()) != node.env->commits()) see(node);
}

void Network::see(Node& node) {
    const VersionVector version = node.store->read().value().version();
    for (const auto& [origin, counter] : version) {
        for (std::uint64_t n = node.seen[origin] + 1; n <= counter; ++n) {
            const auto it = written_.find({origin, n});
            if (it == written_.end() || origin == node.replica) continue;
            delays_.push_back(now_ms_ - it->second.at_ms);
            if (!version.covers(it->second.causes)) ++out_of_order_;
        }
    }
    node.seen = version;
}

bool Network::converged() const {
    const VersionVector* first = nullptr;
    for (const Node& node : nodes_) {
        if (!node.replicator) continue;
        if (first == nullptr) first = &node.seen;
        if (node.seen != *first) return false;
    }
    return true;
}

std::uint64_t Network::buffered_bytes() const {
    std::uint64_t bytes = 0;
    for (const Node& node : nodes_)
        if (node.replicator)
            bytes = std::max<std::uint64_t>(bytes, node.replicator->buffered_bytes());
    return bytes;
}

}  // namespace kigumi::sim
