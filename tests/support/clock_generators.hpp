#pragma once

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <ostream>

#include "kigumi/clocks/version_vector.hpp"

namespace kigumi {

/// A replica id that people can tell apart in a failure: `n` in its first byte.
inline ReplicaId replica(unsigned n) {
    ReplicaId::Bytes bytes{};
    bytes[0] = static_cast<std::uint8_t>(n);
    return ReplicaId(bytes);
}

inline std::ostream& operator<<(std::ostream& out, const ReplicaId& id) {
    return out << id.short_hex();
}

inline std::ostream& operator<<(std::ostream& out, const VersionVector& vector) {
    out << '{';
    for (const auto& [origin, counter] : vector) out << origin << ':' << counter << ' ';
    return out << '}';
}

}  // namespace kigumi

namespace rc {

/// Few origins and small counters, so that vectors are often equal, ordered or concurrent.
template <>
struct Arbitrary<kigumi::VersionVector> {
    static Gen<kigumi::VersionVector> arbitrary() {
        const auto counters =
            gen::container<std::vector<std::uint64_t>>(3, gen::inRange<std::uint64_t>(0, 4));
        return gen::map(counters, [](const std::vector<std::uint64_t>& all) {
            kigumi::VersionVector vector;
            for (unsigned n = 0; n < all.size(); ++n) vector.raise(kigumi::replica(n + 1), all[n]);
            return vector;
        });
    }
};

}  // namespace rc
