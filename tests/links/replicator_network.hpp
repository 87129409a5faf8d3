#pragma once

#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/status.hpp"

namespace kigumi {

/// Replicators over stores in memory, in virtual time, with a network that takes as long as it is
/// told and loses what it is told.
class ReplicatorNetwork {
  public:
    using NodeId = std::size_t;

    NodeId add(ReplicatorOptions options = {});
    /// `dialler` opens a connection whose messages take `delay_ms` each way.
    void connect(NodeId dialler, NodeId acceptor, std::uint64_t delay_ms);
    void set_delay(NodeId a, NodeId b, std::uint64_t delay_ms);
    /// Looks at each message; what it says no to is lost.
    std::function<bool(NodeId from, NodeId to, const std::string& message)> passes;
    /// Gives a node a message on its link to `from`, as if that had sent it.
    void inject(NodeId from, NodeId to, const std::string& message);
    /// A node that neither runs nor answers.
    void stop(NodeId node, bool stopped = true) { nodes_[node].stopped = stopped; }

    /// What its store holds now.
    std::shared_ptr<const kv::MemoryEnv::Tables> state(NodeId node);
    /// Replaces what its store holds, in place, and starts it and its connections anew.
    void restart(NodeId node, std::shared_ptr<const kv::MemoryEnv::Tables> state);

    void run_for(std::uint64_t ms);
    /// Runs until it holds, at most for so long; whether it does.
    bool run_until(const std::function<bool()>& holds, std::uint64_t ms);
    std::uint64_t now_ms() const { return now_ms_; }

    void write(NodeId node, const std::string& key, const std::string& value,
               std::string_view bucket = kDefaultBucket);
    Store& store(NodeId node) { return *nodes_[node].store; }
    Replicator& replicator(NodeId node) { return *nodes_[node].replicator; }
    VersionVector version(NodeId node, std::string_view bucket = kDefaultBucket);
    /// The status of the first link of a node to another.
    LinkStatus link(NodeId node, NodeId peer);
    const std::vector<Effects::Note>& notes(NodeId node) const { return nodes_[node].notes; }
    bool closed(NodeId node, NodeId peer) const;

  private:
    struct Node {
        ReplicatorOptions options;
        std::shared_ptr<kv::MemoryEnv> env;
        std::unique_ptr<Store> store;
        std::unique_ptr<Replicator> replicator;
        std::vector<Effects::Note> notes;
        bool stopped = false;
    };
    struct Connection {
        NodeId end[2];  ///< the dialler first
        LinkId link[2];
        std::uint64_t delay_ms;
        bool closed[2] = {false, false};  ///< that end hears nothing more
    };
    struct Flight {
        std::uint64_t at_ms;
        std::uint64_t order;
        std::size_t connection;
        std::size_t to_end;
        std::string message;
        bool operator>(const Flight& other) const {
            return std::tie(at_ms, order) > std::tie(other.at_ms, other.order);
        }
    };

    void open(Node& node);
    void wake(NodeId node);
    void perform(NodeId node);

    std::uint64_t now_ms_ = 1'000;
    std::uint64_t random_ = 1;
    LinkId next_link_ = 1'000'000;  ///< of connections that are made again
    std::uint64_t order_ = 0;
    std::vector<Node> nodes_;
    std::vector<Connection> connections_;
    std::priority_queue<Flight, std::vector<Flight>, std::greater<>> flights_;
};

}  // namespace kigumi
