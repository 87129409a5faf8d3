#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

namespace kigumi {

/// How much of something each key may use: a burst, and then so much in each second (a token bucket
/// for each key). Times are milliseconds of a clock that never goes back. Keys that have used
/// nothing for long take no memory. One thread at a time; O(log keys).
template <class Key>
class TokenBuckets {
  public:
    TokenBuckets(double burst, double per_second) : burst_(burst), per_second_(per_second) {}

    /// Whether there is some left for the key. Does not use it up.
    bool has(const Key& key, std::uint64_t now_ms) const { return left(key, now_ms) >= 1; }
    /// Uses up `amount`, if there is any left: one large use may overdraw, and is paid off by time.
    bool take(const Key& key, std::uint64_t now_ms, double amount = 1) {
        const double tokens = left(key, now_ms);
        if (tokens < 1) return false;
        used_[key] = {tokens - amount, now_ms};
        if (used_.size() > kForgetAbove) forget(now_ms);
        return true;
    }
    /// Gives one back that led to nothing.
    void give_back(const Key& key) {
        const auto it = used_.find(key);
        if (it != used_.end()) it->second.tokens += 1;
    }

  private:
    struct Used {
        double tokens;
        std::uint64_t at_ms;
    };
    static constexpr std::size_t kForgetAbove = 1'024;

    double left(const Key& key, std::uint64_t now_ms) const {
        const auto it = used_.find(key);
        return it == used_.end() ? burst_ : left(it->second, now_ms);
    }
    double left(const Used& used, std::uint64_t now_ms) const {
        const auto passed = static_cast<double>(now_ms - std::min(used.at_ms, now_ms));
        return std::min(burst_, used.tokens + passed * per_second_ / 1'000);
    }
    void forget(std::uint64_t now_ms) {
        std::erase_if(used_,
                      [&](const auto& entry) { return left(entry.second, now_ms) >= burst_; });
    }

    const double burst_;
    const double per_second_;
    std::map<Key, Used> used_;
};

}  // namespace kigumi
