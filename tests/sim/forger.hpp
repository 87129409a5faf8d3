#pragma once

#include <optional>
#include <string>

#include "random.hpp"

namespace kigumi::sim {

/// What a dishonest relay makes of a message: the same, but for one write that says something else,
/// or has another time, or no proof. Nothing if it carries no rows.
std::optional<std::string> forged(const std::string& message, Random& random);

}  // namespace kigumi::sim
