#pragma once

#include <cstddef>
#include <cstdint>
#include <queue>
#include <vector>

#include "overlay_graph.hpp"
#include "random.hpp"

namespace kigumi::sim {

/// HyParView as published (Leitão, Pereira and Rodrigues, "HyParView: a membership protocol for
/// reliable gossip-based broadcast", 2007), for comparison: every node has a small symmetric active
/// view and a larger passive one, which shuffles keep fresh and from which lost links are replaced.
/// As in the paper's evaluation, time is rounds, and within a round all messages arrive.
class HyParView {
  public:
    static constexpr std::size_t kActive = 6;
    static constexpr std::size_t kPassive = 30;

    explicit HyParView(std::uint64_t seed) : random_(seed) {}

    /// Joins by some node that is there.
    void join();
    void kill(std::size_t node) { nodes_[node].alive = false; }
    /// Everybody notices lost links and looks for others; with `shuffle`, mixes passive views.
    void round(bool shuffle);

    Graph graph() const;
    std::uint64_t messages() const { return messages_; }

  private:
    using Index = std::size_t;
    struct Node {
        bool alive = true;
        std::vector<Index> active;
        std::vector<Index> passive;
        std::size_t lost = 0;  ///< links to failed nodes that are not replaced yet
    };
    struct Message {
        enum class Kind {
            kJoin,
            kForwardJoin,
            kConnect,
            kNeighbour,
            kRefuse,
            kDisconnect,
            kShuffle,
            kReply
        };
        Kind kind;
        Index from;
        Index to;
        Index subject = 0;
        unsigned hops_left = 0;
        bool urgent = false;
        std::vector<Index> sample{};
    };

    void send(Message message);
    void deliver();
    void on(const Message& message);
    void on_forward_join(const Message& message);
    void on_neighbour(const Message& message);
    void on_shuffle(const Message& message);
    void make_active(Index self, Index other);
    void make_passive(Index self, Index other);
    void drop_active(Index self, Index other);
    void replace_lost(Index self);
    void begin_shuffle(Index self);
    Index any_but(const std::vector<Index>& view, Index other);
    std::vector<Index> some(std::vector<Index> view, std::size_t count);

    Random random_;
    std::vector<Node> nodes_;
    std::queue<Message> on_their_way_;
    std::uint64_t messages_ = 0;
};

}  // namespace kigumi::sim
