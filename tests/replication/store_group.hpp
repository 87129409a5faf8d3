#pragma once

#include "crdt/history.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/store.hpp"

namespace kigumi {

/// The replicas of a Group as stores that pull from one another by way of the log.
class StoreGroup {
  public:
    StoreGroup();

    void run(const Step& step);
    Shown shown(unsigned at);
    Store& operator[](unsigned at) { return *stores_[at]; }

  private:
    void pull(Store& into, Store& from, bool everything);

    std::array<std::uint64_t, Group::kReplicas> wall_ms_{};
    std::vector<std::unique_ptr<Store>> stores_;
};

}  // namespace kigumi
