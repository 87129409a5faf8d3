#pragma once

#include <array>
#include <cstdint>
#include <mutex>

namespace kigumi {

/// How long the turns of an event loop take, from the beginning of each to that of the next.
/// Thread-safe. Times are those of `steady_ms`.
class TurnMeter {
  public:
    explicit TurnMeter(std::uint64_t now_ms) : turned_ms_(now_ms) {}

    /// A turn begins, so the one before has ended.
    void turned(std::uint64_t now_ms);
    /// How long the present turn has taken so far.
    std::uint64_t idle_ms(std::uint64_t now_ms) const;
    /// The longest turn of all, the present one included.
    std::uint64_t longest_ms(std::uint64_t now_ms) const;
    /// The longest of those that ended in the last minute, give or take a slot, and of the present
    /// one.
    std::uint64_t longest_of_minute_ms(std::uint64_t now_ms) const;

  private:
    /// Turns that ended in the same ten seconds.
    struct Slot {
        std::uint64_t number = 0;
        std::uint64_t longest_ms = 0;
    };

    std::uint64_t present_ms(std::uint64_t now_ms) const;

    mutable std::mutex mutex_;
    std::uint64_t turned_ms_;
    std::uint64_t longest_ms_ = 0;
    std::array<Slot, 6> slots_{};
};

}  // namespace kigumi
