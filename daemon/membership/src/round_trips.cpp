#include "round_trips.hpp"

#include <algorithm>

namespace kigumi::membership {

void RoundTrips::add(std::uint64_t ms) {
    last_[next_] = ms;
    next_ = (next_ + 1) % last_.size();
    count_ = std::min(count_ + 1, last_.size());
}

std::uint64_t RoundTrips::p99_ms() const {
    if (count_ == 0) return 0;
    auto sorted = last_;
    const std::size_t at = count_ * 99 / 100 - (count_ * 99 % 100 == 0 ? 1 : 0);
    const auto begin = sorted.begin();
    std::nth_element(begin, begin + static_cast<std::ptrdiff_t>(at),
                     begin + static_cast<std::ptrdiff_t>(count_));
    return sorted[at];
}

}  // namespace kigumi::membership
