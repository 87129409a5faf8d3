#pragma once

#include <algorithm>
#include <cstdint>

namespace kigumi {

/// A time within a quarter of `ms`, so that many who wait do not come at once.
inline std::uint64_t jittered(std::uint64_t ms, std::uint64_t random) {
    return ms - ms / 4 + random % (ms / 2 + 1);
}

/// How long to wait after a failure before trying again: doubled each time up to a maximum, with
/// jitter.
class Backoff {
  public:
    Backoff(std::uint64_t min_ms, std::uint64_t max_ms)
        : min_ms_(min_ms), max_ms_(std::max(min_ms, max_ms)) {}

    std::uint64_t next_ms(std::uint64_t random) {
        const std::uint64_t pause = std::min(min_ms_ << doublings_, max_ms_);
        if (pause < max_ms_ && doublings_ < kMaxDoublings) ++doublings_;
        return jittered(pause, random);
    }
    void reset() { doublings_ = 0; }

  private:
    static constexpr unsigned kMaxDoublings = 20;

    std::uint64_t min_ms_;
    std::uint64_t max_ms_;
    unsigned doublings_ = 0;
};

}  // namespace kigumi
