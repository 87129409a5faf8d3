#pragma once

#include "kigumi/crdt/memory_rows.hpp"
#include "support/value_generators.hpp"

namespace kigumi {

/// Three replicas on one wall clock that the test moves.
class ThreeReplicas : public testing::Test {
  protected:
    void sync(MemoryRows& into, const MemoryRows& from) {
        ++now_ms;
        into.join(from.delta(into.version()), from.version());
    }
    /// After it everybody has everything.
    void sync_all() {
        for (int round = 0; round < 2; ++round)
            for (MemoryRows* into : {&a, &b, &c})
                for (const MemoryRows* from : {&a, &b, &c}) sync(*into, *from);
    }

    std::uint64_t now_ms = 1'000'000;
    MemoryRows a{replica(1), [this] { return now_ms; }};
    MemoryRows b{replica(2), [this] { return now_ms; }};
    MemoryRows c{replica(3), [this] { return now_ms; }};
};

/// One replica alone: what random sequences are checked on against a model from the standard
/// library.
inline MemoryRows one_replica() {
    return MemoryRows(replica(1), [] { return std::uint64_t{1'000'000}; });
}

}  // namespace kigumi
