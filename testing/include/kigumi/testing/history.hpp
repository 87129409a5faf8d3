#pragma once

#include <map>
#include <set>

#include "kigumi/testing/replicas.hpp"

namespace kigumi::laws {

/// The writes that each row shows.
using Shown = std::map<RowKey, std::map<Dot, Payload>>;

/// All writes that a replica shows.
inline Shown shown(const MemoryRows& rows) {
    Shown all;
    for (const auto& [at, row] : rows.rows())
        for (const Write& write : row) all[at].emplace(write.dot, write.payload);
    return all;
}

/// Every write of a history and the set of writes that each had seen, kept naively: no vectors, no
/// joins. What replicas show is checked against it. O(writes²).
class History {
  public:
    /// Notes what a replica has just written by itself.
    void wrote(unsigned at, const MemoryRows& rows) {
        const std::set<Dot> before = seen_[at];
        for (const auto& [key, row] : rows.rows()) {
            for (const Write& write : row) {
                if (before.contains(write.dot)) continue;
                events_[write.dot] = {key, write.payload, before};
                seen_[at].insert(write.dot);
            }
        }
    }
    /// Notes that a replica has joined the whole state of another.
    void joined(unsigned at, unsigned from) {
        seen_[at].insert(seen_[from].begin(), seen_[from].end());
    }
    /// The writes that the replica has seen and that no write it has seen has replaced.
    Shown expected(unsigned at) const {
        Shown all;
        for (const Dot& dot : seen_[at]) {
            const Event& event = events_.at(dot);
            bool live = true;
            for (const Dot& other : seen_[at])
                live = live && !replaces(other, events_.at(other), dot, event);
            if (live) all[event.at].emplace(dot, event.payload);
        }
        return all;
    }

  private:
    struct Event {
        RowKey at;
        Payload payload;
        std::set<Dot> seen;
    };

    static bool replaces(const Dot& later, const Event& event, const Dot& earlier,
                         const Event& replaced) {
        if (event.at != replaced.at || !event.seen.contains(earlier)) return false;
        if (leaf_type(event.at) != Type::kCounter) return true;
        // A contribution replaces its origin's last one alone, a reset the resets that it saw.
        const bool counts = std::holds_alternative<Tally>(event.payload);
        if (counts != std::holds_alternative<Tally>(replaced.payload)) return false;
        return !counts || later.origin == earlier.origin;
    }

    std::map<Dot, Event> events_;
    std::array<std::set<Dot>, kReplicas> seen_;
};

}  // namespace kigumi::laws
