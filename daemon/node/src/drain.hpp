#pragma once

#include <map>
#include <string>

#include "kigumi/replication/status.hpp"

namespace kigumi {

/// What a node that takes leave waits for: that its neighbours hold what it held when it began.
class Drain {
  public:
    explicit Drain(const ReplicatorStatus& begun);

    /// Whether every neighbour that is linked now has confirmed all of that.
    bool done(const ReplicatorStatus& now) const;

  private:
    std::map<std::string, VersionVector> held_;
};

}  // namespace kigumi
