#include "turn_meter.hpp"

#include <algorithm>

namespace kigumi {
namespace {

constexpr std::uint64_t kSlotMs = 10'000;

}  // namespace

void TurnMeter::turned(std::uint64_t now_ms) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t took_ms = present_ms(now_ms);
    const std::uint64_t number = now_ms / kSlotMs;
    Slot& slot = slots_[number % slots_.size()];
    if (slot.number != number) slot = {number, 0};
    slot.longest_ms = std::max(slot.longest_ms, took_ms);
    longest_ms_ = std::max(longest_ms_, took_ms);
    turned_ms_ = now_ms;
}

std::uint64_t TurnMeter::idle_ms(std::uint64_t now_ms) const {
    const std::lock_guard lock(mutex_);
    return present_ms(now_ms);
}

std::uint64_t TurnMeter::longest_ms(std::uint64_t now_ms) const {
    const std::lock_guard lock(mutex_);
    return std::max(longest_ms_, present_ms(now_ms));
}

std::uint64_t TurnMeter::longest_of_minute_ms(std::uint64_t now_ms) const {
    const std::lock_guard lock(mutex_);
    std::uint64_t longest = present_ms(now_ms);
    for (const Slot& slot : slots_)
        if (slot.number + slots_.size() > now_ms / kSlotMs)
            longest = std::max(longest, slot.longest_ms);
    return longest;
}

std::uint64_t TurnMeter::present_ms(std::uint64_t now_ms) const {
    return now_ms - std::min(turned_ms_, now_ms);
}

}  // namespace kigumi
