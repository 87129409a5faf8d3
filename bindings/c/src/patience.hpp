#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace kigumi::c {

/// How long to wait; a negative time is without end, which is a century: clocks count nanoseconds.
inline std::chrono::milliseconds patience(std::int64_t timeout_ms) {
    constexpr std::chrono::milliseconds kCentury = std::chrono::hours(24 * 36'525);
    if (timeout_ms < 0) return kCentury;
    return std::min(std::chrono::milliseconds(timeout_ms), kCentury);
}

}  // namespace kigumi::c
