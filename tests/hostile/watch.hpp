#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "hostile/load.hpp"
#include "hostile/node.hpp"

namespace kigumi::hostile {

/// What a node may take at most.
struct Bounds {
    std::uint64_t memory_mib = 128;
    std::uint64_t loop_ms = 200;  ///< on top of what a node that nobody attacks shows
    std::uint64_t descriptors = 500;
    std::uint64_t log_bytes_per_s = 64 << 10;
    std::uint64_t store_mib = 192;
    std::uint64_t visible_ms = 8'000;  ///< how late a write may show at the other node
    /// How long afterwards to converge, to collect and to hang up, each. Not what a healthy node
    /// needs, but what a busy machine may take.
    std::chrono::seconds settle{60};
};

/// Looks at the nodes every 100 ms, and notes what breaks a bound and during which attack.
class Watch {
  public:
    /// `control`: a node with the same load and no peers, beside which the others' loops are
    /// judged: what keeps it from turning is the machine. `writers[i]` writes at `nodes[i]`.
    Watch(std::array<Node*, 2> nodes, std::array<Writer*, 2> writers, Node& control, Bounds bounds);
    ~Watch();

    void attack_begins(const std::string& name);
    void stop();
    /// Each thing that broke, once for each node, with the attack during which it did.
    std::map<std::string, std::string> broken() const;
    /// The worst that was seen, as lines of `what value (attack)`.
    std::vector<std::string> worst() const;

  private:
    using Clock = std::chrono::steady_clock;
    struct Worst {
        std::uint64_t value = 0;
        std::string attack;
    };

    void look();
    void look_at(std::size_t i, Clock::time_point now);
    void ask_loops();
    void measure_scheduler();
    void note(const std::string& node, const std::string& what, std::uint64_t value,
              std::uint64_t bound);

    const std::array<Node*, 2> nodes_;
    const std::array<Writer*, 2> writers_;
    Node& control_;
    const Bounds bounds_;
    const Clock::time_point began_ = Clock::now();
    /// When each writer had come how far, as far as the other node does not show it yet.
    std::array<std::deque<std::pair<Clock::time_point, std::int64_t>>, 2> unseen_;
    std::array<Clock::time_point, 2> few_descriptors_{};
    std::array<std::uint64_t, 2> first_log_bytes_{};
    std::array<std::uint64_t, 2> first_turn_ms_{};
    std::atomic<std::uint64_t> scheduler_ms_{0};
    mutable std::mutex mutex_;
    std::string attack_;
    std::map<std::string, std::string> broken_;
    std::map<std::string, Worst> worst_;
    std::atomic<bool> stopping_{false};
    std::vector<std::thread> threads_;
};

}  // namespace kigumi::hostile
