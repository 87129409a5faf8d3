#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "scope.hpp"

namespace kigumi::scope {

struct Exploration {
    std::size_t states = 0;
    std::size_t transitions = 0;
    std::size_t sites = 0;           ///< different states of single replicas
    std::size_t steps_run = 0;       ///< different steps of single replicas, which the product ran
    bool complete = false;           ///< false: there are more states than the scope allows
    std::string violation;           ///< empty if all held
    std::vector<std::string> steps;  ///< that lead to the violation; no fewer steps do
};

/// Visits every world that the scope can reach, breadth first, and checks each.
Exploration explore(const Scope& scope);

}  // namespace kigumi::scope
