#pragma once

#include "kigumi/clocks/version_vector.hpp"

namespace kigumi {

/// Looks up origins in a vector that must outlive it, in ascending order: all of them in O(n).
class Ascending {
  public:
    explicit Ascending(const VersionVector& vector) : at_(vector.begin()), end_(vector.end()) {}

    std::uint64_t operator[](const ReplicaId& origin) {
        while (at_ != end_ && at_->first < origin) ++at_;
        return at_ != end_ && at_->first == origin ? at_->second : 0;
    }

  private:
    VersionVector::const_iterator at_;
    VersionVector::const_iterator end_;
};

}  // namespace kigumi
