#include "rate.hpp"

#include <algorithm>
#include <cmath>

namespace kigumi {

TokenBucket::TokenBucket(std::uint64_t per_second, std::uint64_t burst_ms)
    : per_ms_(static_cast<double>(std::max<std::uint64_t>(per_second, 1)) / 1'000),
      most_(per_ms_ * static_cast<double>(burst_ms)),
      tokens_(most_) {}

void TokenBucket::earn(std::uint64_t now_ms) {
    if (now_ms <= at_ms_) return;
    tokens_ = std::min(tokens_ + per_ms_ * static_cast<double>(now_ms - at_ms_), most_);
    at_ms_ = now_ms;
}

bool TokenBucket::ready(std::uint64_t now_ms) {
    earn(now_ms);
    return tokens_ > 0;
}

bool TokenBucket::full(std::uint64_t now_ms) {
    earn(now_ms);
    return tokens_ >= most_;
}

std::uint64_t TokenBucket::ready_at_ms() const {
    if (tokens_ > 0) return at_ms_;
    return at_ms_ + static_cast<std::uint64_t>(std::floor(-tokens_ / per_ms_)) + 1;
}

}  // namespace kigumi
