#pragma once

#include "crdt/history.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/store.hpp"

namespace kigumi {

/// The replicas of `laws::Replicas` as stores that take over one another's state.
class StoreGroup {
  public:
    /// How `into` gets what `from` has: all of it, or what it lacks.
    using Transfer = std::function<void(Store& into, Store& from, bool everything)>;
    /// By way of the scan or the log.
    static void pull(Store& into, Store& from, bool everything);

    explicit StoreGroup(Transfer transfer = pull);

    void run(const Step& step);
    Shown shown(unsigned at);
    Store& operator[](unsigned at) { return *stores_[at]; }

  private:
    const Transfer transfer_;
    std::array<std::uint64_t, kReplicas> wall_ms_{};
    std::vector<std::unique_ptr<Store>> stores_;
};

}  // namespace kigumi
