#pragma once

#include <cstdint>

namespace kigumi::bench {

/// Moves this process, and what it starts from now on, to a network of its own that has nothing but
/// a loopback, so that what crosses it can be counted. False where that is not allowed: then
/// everything stays as it was. Call it before any thread is started.
bool take_own_loopback();

/// Bytes that have crossed the loopback of this process's network, headers of TCP and IP included.
std::uint64_t loopback_bytes();

}  // namespace kigumi::bench
