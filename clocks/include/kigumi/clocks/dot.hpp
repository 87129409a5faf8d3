#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "kigumi/clocks/replica_id.hpp"

namespace kigumi {

/// The name of one write: the `counter`-th of `origin` in its bucket, counted from 1.
///
/// Dots are never used twice. The order is that of storage (origin, then counter); whether one
/// write saw another is a question for a VersionVector.
struct Dot {
    ReplicaId origin;
    std::uint64_t counter = 0;

    auto operator<=>(const Dot&) const = default;
    /// `origin:counter` with the origin in full, for dumps.
    std::string text() const { return origin.hex() + ":" + std::to_string(counter); }
};

}  // namespace kigumi
