#pragma once

#include <cstdint>

namespace kigumi {

/// Milliseconds of a clock that never goes back.
std::uint64_t steady_ms();

}  // namespace kigumi
