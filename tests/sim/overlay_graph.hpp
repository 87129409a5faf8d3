#pragma once

#include <algorithm>
#include <cstddef>
#include <queue>
#include <set>
#include <vector>

#include "kigumi/clocks/replica_id.hpp"
#include "random.hpp"

namespace kigumi::sim {

inline ReplicaId random_replica(Random& random) {
    ReplicaId::Bytes bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
    return ReplicaId(bytes);
}

/// Who is linked to whom, by number, and who is there at all.
class Graph {
  public:
    explicit Graph(std::size_t size) : links_(size), present_(size, true) {}

    /// A link; both ends have it.
    void add(std::size_t a, std::size_t b) {
        links_[a].insert(b);
        links_[b].insert(a);
    }
    void remove(std::size_t node) { present_[node] = false; }
    const std::set<std::size_t>& of(std::size_t node) const { return links_[node]; }
    bool present(std::size_t node) const { return present_[node]; }

    std::size_t largest_component() const {
        std::vector<bool> seen(links_.size(), false);
        std::size_t largest = 0;
        for (std::size_t i = 0; i < links_.size(); ++i)
            if (present_[i] && !seen[i]) largest = std::max(largest, reach(i, seen).nodes);
        return largest;
    }
    std::size_t degree(std::size_t node) const {
        return static_cast<std::size_t>(
            std::count_if(links_[node].begin(), links_[node].end(),
                          [this](std::size_t other) { return present_[other]; }));
    }
    /// The longest of the shortest paths from a node.
    std::size_t hops_from(std::size_t node) const {
        std::vector<bool> seen(links_.size(), false);
        return reach(node, seen).hops;
    }

  private:
    struct Reach {
        std::size_t nodes = 0;
        std::size_t hops = 0;
    };

    Reach reach(std::size_t start, std::vector<bool>& seen) const {
        Reach reach;
        std::queue<std::pair<std::size_t, std::size_t>> open;
        open.emplace(start, 0);
        seen[start] = true;
        for (; !open.empty(); open.pop()) {
            const auto [node, hops] = open.front();
            ++reach.nodes;
            reach.hops = std::max(reach.hops, hops);
            for (const std::size_t other : links_[node]) {
                if (!present_[other] || seen[other]) continue;
                seen[other] = true;
                open.emplace(other, hops + 1);
            }
        }
        return reach;
    }

    std::vector<std::set<std::size_t>> links_;
    std::vector<bool> present_;
};

}  // namespace kigumi::sim
