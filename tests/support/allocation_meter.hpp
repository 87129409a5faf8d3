#pragma once

#include <cstddef>

namespace kigumi {

/// The most memory that was in use at once, beyond what was in use before, since the meter was
/// made. One at a time.
class AllocationMeter {
  public:
    AllocationMeter();
    std::size_t peak_bytes() const;

  private:
    std::size_t before_;
};

}  // namespace kigumi
