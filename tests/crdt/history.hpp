#pragma once

#include <map>
#include <set>

#include "crdt/group.hpp"

namespace kigumi {

/// The writes that each row shows.
using Shown = std::map<RowKey, std::map<Dot, Payload>>;
Shown shown(const MemoryRows& rows);

/// Every write of a history and the set of writes that each had seen, kept naively: no vectors, no
/// joins. What replicas show is checked against it.
class History {
  public:
    /// Notes what a replica has just written by itself.
    void wrote(unsigned at, const MemoryRows& rows);
    /// Notes that a replica has joined the whole state of another.
    void joined(unsigned at, unsigned from);
    /// The writes that the replica has seen and that no write it has seen has replaced.
    Shown expected(unsigned at) const;

  private:
    struct Event {
        RowKey at;
        Payload payload;
        std::set<Dot> seen;
    };

    static bool replaces(const Dot& later, const Event& event, const Dot& earlier,
                         const Event& replaced);

    std::map<Dot, Event> events_;
    std::array<std::set<Dot>, Group::kReplicas> seen_;
};

}  // namespace kigumi
