#pragma once

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/replicator.hpp"
#include "protocol/messages.hpp"

/// Replicators over stores in memory, with links by which each lets the other do what a test says,
/// and one by which the test itself speaks to a node.
namespace kigumi {

inline constexpr const char* kBucket = "default";

/// What one peer may do, as a test says.
struct Policy : PeerPolicy {
    Rights rights;
    std::map<std::string, Rights, std::less<>> by_bucket;
    std::set<ReplicaId> own;
    std::set<ReplicaId> taken;  ///< by others

    Rights in(std::string_view bucket) const override {
        const auto it = by_bucket.find(bucket);
        return it == by_bucket.end() ? rights : it->second;
    }
    Result<void> claim(const ReplicaId& replica) override {
        if (taken.contains(replica))
            return fail(ErrorCode::kInvalidArgument, "belongs to another key");
        own.insert(replica);
        return {};
    }
    bool owns(const ReplicaId& replica) const override { return own.contains(replica); }
};

/// A replica with its replicator, over memory.
struct Node {
    explicit Node(const std::string& cluster = {}) { start(cluster, {}); }
    /// Begins anew, with the same store.
    void start(const std::string& cluster, ReplicatorOptions options) {
        options.cluster = cluster;
        options.random = [generator = std::make_shared<std::mt19937_64>(1)] {
            return (*generator)();
        };
        replicator.emplace(*store, std::move(options));
    }
    void write(const std::string& key, const std::string& value,
               const std::string& bucket = kBucket) {
        auto tx = store->write(bucket).value();
        tx.reg(key).assign(Value(value)).value();
        tx.commit().value();
        replicator->local_commit();
    }
    std::string get(const std::string& key, const std::string& bucket = kBucket) {
        auto tx = store->read(bucket).value();
        const auto value = tx.reg(key).get().value();
        const auto* const text = value ? value->get_if<std::string>() : nullptr;
        return text == nullptr ? "" : *text;
    }
    ReplicaId id() { return store->replica().value(); }
    VersionVector version(const std::string& bucket = kBucket) {
        return store->read(bucket)->version();
    }
    std::size_t noted(const std::string& event) const {
        std::size_t n = 0;
        for (const auto& note : notes) n += note.event == event ? 1 : 0;
        return n;
    }

    std::unique_ptr<Store> store = Store::over(std::make_shared<kv::MemoryEnv>()).value();
    std::optional<Replicator> replicator;
    std::vector<Effects::Note> notes;
    std::vector<Effects::Check> checks;
};

/// Nodes whose links deliver at once, in virtual time.
class Rightful : public testing::Test {
  protected:
    /// A link between two nodes; the policies say what each lets the other do.
    struct Wire {
        Node* ends[2];
        LinkId ids[2];
    };
    void link(Node& dialler, Node& acceptor, std::shared_ptr<PeerPolicy> of_acceptor,
              std::shared_ptr<PeerPolicy> of_dialler) {
        const LinkId id = 2 * wires_.size() + 1;
        wires_.push_back({{&dialler, &acceptor}, {id, id + 1}});
        acceptor.replicator->link_up(id + 1, false, "acceptor", now_ms_, std::move(of_dialler));
        dialler.replicator->link_up(id, true, "dialler", now_ms_, std::move(of_acceptor));
    }
    /// A link by which the test itself speaks to a node.
    LinkId intrude(Node& node, std::shared_ptr<PeerPolicy> policy, const ReplicaId& as) {
        constexpr LinkId kLink = 1'000;
        node.replicator->link_up(kLink, false, "intruder", now_ms_, std::move(policy));
        say(node, wire::Hello{wire::kProtocolVersion, as, false});
        return kLink;
    }
    void say(Node& node, const wire::Message& message) {
        node.replicator->receive(1'000, wire::encode(message), now_ms_);
        node.replicator->flush(now_ms_);
        take(node);
    }
    void take(Node& node) {
        Effects effects = node.replicator->take_effects();
        for (auto& note : effects.notes) node.notes.push_back(std::move(note));
        for (auto& check : effects.checks) node.checks.push_back(std::move(check));
        for (auto& close : effects.closes) closed_.insert(close.link);
        for (auto& send : effects.sends) {
            if (send.link == 1'000) heard_.push_back(wire::decode(send.message).value());
            for (const Wire& wire : wires_)
                for (const int side : {0, 1})
                    if (wire.ids[side] == send.link && wire.ends[side] == &node)
                        deliveries_.emplace_back(wire.ends[1 - side], wire.ids[1 - side],
                                                 std::move(send.message));
        }
    }
    void run(std::uint64_t ms) {
        for (const std::uint64_t end_ms = now_ms_ + ms; now_ms_ < end_ms; now_ms_ += 10) {
            for (Node* const node : nodes_) {
                node->replicator->tick(now_ms_);
                node->replicator->flush(now_ms_);
                take(*node);
            }
            for (int burst = 0; burst < 20 && !deliveries_.empty(); ++burst) {
                std::vector<std::tuple<Node*, LinkId, std::string>> now;
                now.swap(deliveries_);
                for (auto& [node, id, message] : now) {
                    if (closed_.contains(id)) continue;
                    node->replicator->receive(id, message, now_ms_);
                    node->replicator->flush(now_ms_);
                    take(*node);
                }
            }
        }
    }
    static std::shared_ptr<Policy> policy(Rights rights) {
        auto made = std::make_shared<Policy>();
        made->rights = rights;
        return made;
    }

    Node a_, b_, c_;
    std::vector<Node*> nodes_{&a_, &b_, &c_};
    std::vector<Wire> wires_;
    std::vector<std::tuple<Node*, LinkId, std::string>> deliveries_;
    std::set<LinkId> closed_;
    std::vector<wire::Message> heard_;
    std::uint64_t now_ms_ = 1'000;
};

}  // namespace kigumi
