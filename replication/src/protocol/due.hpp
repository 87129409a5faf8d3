#pragma once

#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

namespace kigumi {

/// Names by the time at which something is due for them, the earliest first. The names belong to
/// who enters them.
using DueQueue = std::set<std::pair<std::uint64_t, std::string_view>>;

/// A time that stands in a queue as long as it is set, so that those with nothing to do cost
/// nothing. 0: it is not set. Stays where it was made.
class Due {
  public:
    Due(DueQueue& queue, const std::string_view& name) : queue_(queue), name_(name) {}
    ~Due() { *this = 0; }
    Due(const Due&) = delete;
    Due& operator=(const Due&) = delete;

    Due& operator=(std::uint64_t at_ms) {
        if (at_ms == at_ms_) return *this;
        if (at_ms_ != 0) queue_.erase({at_ms_, name_});
        at_ms_ = at_ms;
        if (at_ms_ != 0) queue_.emplace(at_ms_, name_);
        return *this;
    }
    operator std::uint64_t() const { return at_ms_; }

  private:
    DueQueue& queue_;
    const std::string_view& name_;
    std::uint64_t at_ms_ = 0;
};

}  // namespace kigumi
