#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kigumi/replication/status.hpp"
#include "peer_budget.hpp"

namespace kigumi {

/// What comes in on a link. As much as the budget of its peer allows is worked on at once; some
/// more waits in order; the rest is thrown away, as if the network had lost it.
class Inflow {
  public:
    /// With a budget that no other link shares.
    explicit Inflow(const ReplicatorOptions& options);
    ~Inflow() { clear(); }
    Inflow(const Inflow&) = delete;
    Inflow& operator=(const Inflow&) = delete;

    /// From now on at the cost of this budget; nothing may be waiting.
    void share(std::shared_ptr<PeerBudget> budget) { budget_ = std::move(budget); }
    const std::shared_ptr<PeerBudget>& budget() const { return budget_; }

    /// Whether a message may be worked on at once.
    bool admits(std::uint64_t now_ms);
    /// Keeps one that may not, if there is room for it; `room`: bytes that may wait on all links
    /// together. False if so much was thrown away that the peer must mean harm.
    bool put_aside(std::string_view message, std::size_t room);
    /// A message that has waited and whose turn has come.
    std::optional<std::string> next(std::uint64_t now_ms);
    /// What the work on messages came to.
    void charge(const Cost& cost) { budget_->charge(cost); }
    void clear();

    bool empty() const { return waiting_.empty(); }
    std::size_t bytes() const { return waiting_bytes_; }
    std::uint64_t ready_at_ms() const { return budget_->ready_at_ms(); }
    std::uint64_t throttled() const { return throttled_; }
    std::uint64_t dropped() const { return dropped_; }

  private:
    std::shared_ptr<PeerBudget> budget_;
    std::deque<std::string> waiting_;
    std::size_t waiting_bytes_ = 0;
    std::uint64_t throttled_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace kigumi
