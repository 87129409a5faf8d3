#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <tuple>
#include <vector>

#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/replicator.hpp"
#include "random.hpp"

namespace kigumi::sim {

/// What has gone over the network, by kind of message (`docs/format/wire.md`).
struct Traffic {
    static constexpr std::size_t kKinds = 32;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::array<std::uint64_t, kKinds> messages_by_kind{};
    std::array<std::uint64_t, kKinds> bytes_by_kind{};

    void count(std::string_view message);
    Traffic since(const Traffic& earlier) const;
};

/// Replicas and links in virtual time, for measuring what replication costs: no faults but those
/// that are asked for, and every write is followed to all nodes. `Cluster` is for finding errors.
class Network {
  public:
    struct Options {
        unsigned nodes = 0;
        std::uint64_t seed = 1;
        std::uint64_t hop_ms = 100;
        std::uint64_t hop_jitter_ms = 0;
        /// Changes the parameters of a node.
        std::function<void(unsigned node, ReplicatorOptions&)> tune;
    };

    explicit Network(Options options);

    /// Links two nodes; the first dials.
    void connect(unsigned from, unsigned to);
    void disconnect(unsigned one, unsigned other);
    bool connected(unsigned one, unsigned other) const;
    /// The process ends; its store stays.
    void kill(unsigned node);
    void revive(unsigned node);
    bool running(unsigned node) const { return nodes_[node].replicator != nullptr; }

    /// Lets a millisecond pass.
    void step();
    std::uint64_t now_ms() const { return now_ms_; }
    /// One more element in a set; a write that is `followed` counts in `delays` and `violations`.
    void write(unsigned node, bool followed);

    unsigned size() const { return static_cast<unsigned>(nodes_.size()); }
    ReplicaId replica(unsigned node) const { return nodes_[node].replica; }
    /// Whether all that run hold the same.
    bool converged() const;
    /// Whether what is sent from one to the other gets lost.
    std::function<bool(unsigned from, unsigned to)> lost;
    Random& random() { return random_; }
    const Traffic& traffic() const { return traffic_; }
    /// For each followed write and each other node, how long until it was visible there.
    std::vector<std::uint64_t>& delays() { return delays_; }
    std::uint64_t followed() const { return followed_; }
    std::uint64_t buffered_bytes() const;

    /// Effects that became visible before their causes.
    std::uint64_t out_of_order() const { return out_of_order_; }
    /// Writes that were pushed to a neighbour that had pushed them here before.
    std::uint64_t sent_back() const { return sent_back_; }

  private:
    struct Node {
        std::shared_ptr<kv::MemoryEnv> env;
        std::unique_ptr<Store> store;
        std::unique_ptr<Replicator> replicator;
        ReplicaId replica;
        VersionVector seen;
        std::uint64_t seen_commits = 0;
        std::uint64_t wake_ms = 0;
    };
    /// One direction of a link; the other has the same number but for the lowest bit.
    struct End {
        unsigned owner;
        unsigned other;
        std::uint64_t last_arrival_ms = 0;
        VersionVector pushed;  ///< what has arrived here by push, of the bucket that is written
    };
    struct Flight {
        std::uint64_t at_ms;
        std::uint64_t order;
        LinkId link;  ///< the receiver's
        std::string message;
        bool operator>(const Flight& other) const {
            return std::tie(at_ms, order) > std::tie(other.at_ms, other.order);
        }
    };
    struct Written {
        std::uint64_t at_ms;
        VersionVector causes;
    };

    void start(unsigned node);
    void wake(unsigned node);
    void see(Node& node);

    const Options options_;
    Random random_;
    std::uint64_t now_ms_ = 1'000;
    std::vector<Node> nodes_;
    std::map<LinkId, End> ends_;
    std::map<std::pair<unsigned, unsigned>, LinkId> links_;  ///< by owner and other: the owner's
    LinkId next_link_ = 0;
    std::priority_queue<Flight, std::vector<Flight>, std::greater<>> flights_;
    std::uint64_t order_ = 0;
    std::uint64_t values_ = 0;
    std::uint64_t followed_ = 0;
    std::uint64_t out_of_order_ = 0;
    std::uint64_t sent_back_ = 0;
    Traffic traffic_;
    std::map<Dot, Written> written_;
    std::vector<std::uint64_t> delays_;
};

}  // namespace kigumi::sim
