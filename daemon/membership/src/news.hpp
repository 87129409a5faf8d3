#pragma once

#include <map>
#include <vector>

#include "membership_messages.hpp"

namespace kigumi::membership {

/// What this node has to pass on: at most one claim about each member, the newest, told a bounded
/// number of times, the least told first.
class News {
  public:
    void add(Claim claim);
    /// At most `count` claims to send now; those told `limit` times by then are dropped.
    std::vector<Claim> take(std::size_t count, std::size_t limit);
    bool empty() const { return items_.empty(); }

  private:
    struct Item {
        Claim claim;
        std::size_t told = 0;
        std::uint64_t added = 0;  ///< order of arrival
    };

    std::map<ReplicaId, Item> items_;
    std::uint64_t added_ = 0;
};

}  // namespace kigumi::membership
