#pragma once

#include <cstdint>
#include <string>

namespace kigumi {

// What the service manager is told (sd_notify); nothing happens without one.

void notify_ready(const std::string& status);
void notify_reloading();
void notify_stopping();
/// All is well.
void notify_alive();
/// How often it wants to hear that at least; 0 if it does not.
std::uint64_t notify_interval_ms();

}  // namespace kigumi
