#pragma once

#include <cstddef>

namespace kigumi {

/// While it lives, one allocation by operator new of this thread throws: the `nth`, counted from 1.
/// The program that uses it replaces operator new (failing_new.cpp).
class FailingNew {
  public:
    enum class With { kBadAlloc, kForeign };

    FailingNew(std::size_t nth, With with);
    ~FailingNew();
    FailingNew(const FailingNew&) = delete;
    FailingNew& operator=(const FailingNew&) = delete;

    /// Whether so many allocations were asked for, and one has failed.
    bool happened() const;
};

}  // namespace kigumi
