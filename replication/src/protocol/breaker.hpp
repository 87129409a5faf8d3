#pragma once

#include "kigumi/replication/backoff.hpp"
#include "kigumi/replication/status.hpp"

namespace kigumi {

/// Whether to ask a peer that keeps failing: a circuit breaker (Nygard, "Release It!", 2007) over a
/// moving average of the outcomes.
///
/// Closed: ask. When more than a share of what was asked lately has failed, it opens: do not ask
/// for a while, longer each time. Then it is half-open: one question is let through, and its
/// outcome closes or opens it.
class Breaker {
  public:
    struct Limits {
        double threshold;  ///< the error rate at which it opens
        double weight;     ///< of the latest outcome in the rate
        std::uint64_t pause_min_ms;
        std::uint64_t pause_max_ms;
    };

    explicit Breaker(const Limits& limits)
        : limits_(limits), pause_(limits.pause_min_ms, limits.pause_max_ms) {}

    /// When something may be asked; 0: at any time. Never as long as a probe is out.
    std::uint64_t not_before_ms() const;
    bool closed() const { return state_ == BreakerState::kClosed; }
    /// Something is asked, at that time or later.
    void asked();
    void succeeded();
    void failed(std::uint64_t now_ms, std::uint64_t random);
    /// What was asked came to nothing, for no fault of the peer.
    void undecided();
    /// There is nothing to ask that could show whether the peer has healed: once the pause is over
    /// it closes, and the next failure opens it again. Returns whether it did.
    bool rest(std::uint64_t now_ms);

    BreakerStatus status() const { return {state_, rate_, opened_}; }

  private:
    Limits limits_;
    BreakerState state_ = BreakerState::kClosed;
    double rate_ = 0;
    std::uint64_t until_ms_ = 0;
    std::uint64_t opened_ = 0;
    Backoff pause_;
};

}  // namespace kigumi
