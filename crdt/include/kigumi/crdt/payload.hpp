#pragma once

#include <boost/container/flat_map.hpp>
#include <cstdint>
#include <variant>

#include "kigumi/clocks/replica_id.hpp"
#include "kigumi/crdt/value.hpp"

namespace kigumi {

/// ⊥: the write that says "removed". It is a write like any other, with a dot of its own.
struct Removed {
    bool operator==(const Removed&) const = default;
};

/// What one origin has added to a counter so far; both sums only grow.
struct Tally {
    std::uint64_t added = 0;
    std::uint64_t subtracted = 0;
    bool operator==(const Tally&) const = default;
};

/// The contributions that a counter reset saw and takes back, per origin.
struct Reset {
    boost::container::flat_map<ReplicaId, Tally> seen;
    bool operator==(const Reset&) const = default;
};

/// What one write says.
using Payload = std::variant<Removed, Value, Tally, Reset>;

}  // namespace kigumi
