#pragma once

#include <cstdint>
#include <functional>

#include "kigumi/clocks/export.hpp"

namespace kigumi::backup {

/// When to try next. Pure: times are handed in, ms of a clock that never goes back.
///
/// A backup is due one interval after the last one was begun. A failed try is repeated after a
/// second, then twice as long each time, but no longer than an interval; give or take a quarter, so
/// that tiers on one broken disk do not all come at once.
class KIGUMI_API Schedule {
  public:
    static constexpr std::uint64_t kFirstRetryMs = 1'000;

    /// `interval_ms` > 0. `since_last_ms`: how long ago the last backup was made, if ever. `random`
    /// gives any number.
    Schedule(std::uint64_t interval_ms, std::function<std::uint64_t()> random);

    /// The first try: as if the last backup had been begun so long ago; at once if there is none.
    void start(std::uint64_t now_ms, std::uint64_t since_last_ms);
    void succeeded(std::uint64_t begun_ms);
    void failed(std::uint64_t now_ms);

    std::uint64_t due_ms() const { return due_ms_; }

  private:
    const std::uint64_t interval_ms_;
    const std::function<std::uint64_t()> random_;
    std::uint64_t due_ms_ = 0;
    std::uint64_t retry_ms_ = kFirstRetryMs;
};

}  // namespace kigumi::backup
