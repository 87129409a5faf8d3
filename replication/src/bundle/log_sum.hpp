#pragma once

#include <xxhash.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "kigumi/crdt/row.hpp"

namespace kigumi::bundle {

/// Tells whether the log of a full bundle names exactly the writes in its rows. Both come in an
/// order of their own, so that what is compared is the sum of a number for each.
class LogSum {
  public:
    void add_write(const Dot& dot, std::string_view place) { difference_ += mark(dot, place); }
    void add_entry(const Dot& dot, std::string_view place) { difference_ -= mark(dot, place); }
    /// Whether they are the same so far; begins anew.
    bool take_equal() { return std::exchange(difference_, 0) == 0; }

  private:
    static std::uint64_t mark(const Dot& dot, std::string_view place) {
        const std::uint64_t seed =
            XXH3_64bits_withSeed(dot.origin.bytes().data(), ReplicaId::kSize, dot.counter);
        return XXH3_64bits_withSeed(place.data(), place.size(), seed);
    }

    std::uint64_t difference_ = 0;
};

}  // namespace kigumi::bundle
