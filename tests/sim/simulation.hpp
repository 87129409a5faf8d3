#pragma once

#include <map>
#include <string>

#include "options.hpp"

namespace kigumi::sim {

/// How often each thing happened: what a run exercised.
using Counters = std::map<std::string, std::uint64_t>;

struct Outcome {
    std::string violation;  ///< empty if all held
    Counters counters;
};

/// Runs a cluster in one thread and virtual time: `steps` of writes and faults with every invariant
/// checked as it goes, then healing and the demand that all replicas agree with the history.
Outcome simulate(const Options& options);

}  // namespace kigumi::sim
