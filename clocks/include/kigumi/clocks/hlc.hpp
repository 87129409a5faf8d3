#pragma once

#include <compare>
#include <cstdint>

#include "kigumi/clocks/export.hpp"

namespace kigumi {

/// A hybrid logical timestamp: 48 bits of milliseconds since 1970, 16 bits of logical count.
///
/// It orders writes that are truly concurrent; causality is decided by version vectors alone.
struct Hlc {
    std::uint64_t bits = 0;

    static constexpr std::uint64_t kMaxMs = (std::uint64_t{1} << 48) - 1;

    /// The first timestamp of a millisecond; times past the year 10889 are held at the last one.
    static constexpr Hlc at_ms(std::uint64_t ms) { return {(ms > kMaxMs ? kMaxMs : ms) << 16}; }
    constexpr std::uint64_t ms() const { return bits >> 16; }
    constexpr std::uint16_t logical() const { return static_cast<std::uint16_t>(bits & 0xFFFF); }

    auto operator<=>(const Hlc&) const = default;
};

/// The hybrid logical clock of one replica (Kulkarni et al., "Logical Physical Clocks", 2014).
///
/// Time is handed in, so the clock is a pure value. It never goes back, whatever the wall clock
/// does, and a remote timestamp never pushes it further than kMaxDriftMs past the wall clock: one
/// machine with a clock in the future cannot drag the others along. Not synchronised.
class KIGUMI_API HlcClock {
  public:
    static constexpr std::uint64_t kMaxDriftMs = 500;

    HlcClock() = default;
    explicit HlcClock(Hlc last) : last_(last) {}

    /// A timestamp above every one before it. `wall_ms`: milliseconds since 1970.
    Hlc tick(std::uint64_t wall_ms);
    /// Learns a timestamp of another replica; returns by how many ms it was beyond the bound (the
    /// part that was not followed), 0 if within.
    std::uint64_t observe(Hlc remote, std::uint64_t wall_ms);
    /// The last timestamp given or followed.
    Hlc last() const { return last_; }

  private:
    Hlc last_;
};

}  // namespace kigumi
