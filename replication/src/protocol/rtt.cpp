#include "rtt.hpp"

#include <algorithm>
#include <cmath>

namespace kigumi {
namespace {

// The gains of RFC 6298.
constexpr double kMeanGain = 1.0 / 8;
constexpr double kDeviationGain = 1.0 / 4;
constexpr unsigned kMaxDoublings = 20;

}  // namespace

void RoundTrip::sample(std::uint64_t ms) {
    const auto measured = static_cast<double>(ms);
    if (samples_++ == 0) {
        mean_ms_ = measured;
        deviation_ms_ = measured / 2;
    } else {
        deviation_ms_ += kDeviationGain * (std::abs(mean_ms_ - measured) - deviation_ms_);
        mean_ms_ += kMeanGain * (measured - mean_ms_);
    }
    doublings_ = 0;
}

void RoundTrip::timed_out() { doublings_ = std::min(doublings_ + 1, kMaxDoublings); }

std::uint64_t RoundTrip::timeout_ms() const {
    const std::uint64_t once =
        samples_ == 0 ? limits_.initial_ms
                      : std::max(limits_.min_ms, static_cast<std::uint64_t>(std::ceil(usual_ms())));
    return std::min(once << doublings_, limits_.max_ms);
}

}  // namespace kigumi
