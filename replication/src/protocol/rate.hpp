#pragma once

#include <cstdint>

namespace kigumi {

/// A token bucket: so much a second, and what was not used lately (of `burst_ms`) at once. What is
/// taken may exceed what is there; the debt has to be earned first.
class TokenBucket {
  public:
    explicit TokenBucket(std::uint64_t per_second, std::uint64_t burst_ms = 1'000);

    /// Whether something may be taken.
    bool ready(std::uint64_t now_ms);
    void take(std::uint64_t amount) { tokens_ -= static_cast<double>(amount); }
    /// When it is ready, as things stand.
    std::uint64_t ready_at_ms() const;
    /// Whether nothing is missing.
    bool full(std::uint64_t now_ms);

  private:
    void earn(std::uint64_t now_ms);

    double per_ms_;
    double most_;
    double tokens_;
    std::uint64_t at_ms_ = 0;
};

}  // namespace kigumi
