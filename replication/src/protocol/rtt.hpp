#pragma once

#include <cstdint>

#include "kigumi/replication/status.hpp"

namespace kigumi {

/// How long a peer takes to answer, and how long to wait for it: mean and mean deviation of what
/// was measured (Jacobson, "Congestion Avoidance and Control", 1988; RFC 6298).
///
/// A time-out doubles the wait until an answer has come, so a link that became slower than it ever
/// was is not given up for ever. Only answers to a question that was asked once may be measured
/// (Karn): each question here has a name of its own.
class RoundTrip {
  public:
    struct Limits {
        std::uint64_t initial_ms;  ///< the wait before anything was measured
        std::uint64_t min_ms;
        std::uint64_t max_ms;
    };

    explicit RoundTrip(const Limits& limits) : limits_(limits) {}

    void sample(std::uint64_t ms);
    void timed_out();

    /// How long to wait for an answer.
    std::uint64_t timeout_ms() const;
    /// How long an answer takes, rarely longer: mean and four deviations; 0 if not measured yet.
    double usual_ms() const { return samples_ == 0 ? 0 : mean_ms_ + 4 * deviation_ms_; }
    RoundTripStatus status() const { return {samples_, mean_ms_, deviation_ms_, timeout_ms()}; }

  private:
    Limits limits_;
    std::uint64_t samples_ = 0;
    double mean_ms_ = 0;
    double deviation_ms_ = 0;
    unsigned doublings_ = 0;
};

}  // namespace kigumi
