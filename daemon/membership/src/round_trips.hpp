#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kigumi::membership {

/// The last round trips that were measured, of all members together.
class RoundTrips {
  public:
    void add(std::uint64_t ms);
    /// The 99th percentile; 0 if nothing was measured yet.
    std::uint64_t p99_ms() const;

  private:
    std::array<std::uint64_t, 128> last_{};
    std::size_t next_ = 0;
    std::size_t count_ = 0;
};

}  // namespace kigumi::membership
