#pragma once

#include <cstdint>
#include <vector>

#include "membership/swarm.hpp"

namespace kigumi::sim {

/// Milliseconds from a kill until every survivor holds the node for down, sorted; one for each
/// trial. A trial that takes more than a minute counts as a minute.
std::vector<std::uint64_t> detection_times(std::size_t nodes, unsigned loss_percent,
                                           std::uint64_t trials);

/// Some nodes are stalled in cycles for two minutes, all at the same time.
struct StallSetting {
    std::size_t nodes = 128;
    std::size_t stalled = 8;
    std::uint64_t stall_ms = 0;  ///< for so long
    std::uint64_t run_ms = 0;    ///< and run for so long in between
    Stall kind = Stall::kFrozen;
};

/// How often nodes that were never stalled were held for down.
struct FalsePositives {
    std::uint64_t anywhere = 0;
    std::uint64_t at_healthy = 0;  ///< by nodes that were never stalled themselves

    FalsePositives& operator+=(const FalsePositives& other) {
        anywhere += other.anywhere;
        at_healthy += other.at_healthy;
        return *this;
    }
};

FalsePositives false_positives(const StallSetting& setting, std::uint64_t seed, bool lifeguard);

/// Settings from mild to severe, like those of the Lifeguard paper.
std::vector<StallSetting> stall_settings(std::size_t nodes, Stall kind);

}  // namespace kigumi::sim
