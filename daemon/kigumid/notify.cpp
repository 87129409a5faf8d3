#include "notify.hpp"

#include <systemd/sd-daemon.h>

#include <chrono>

namespace kigumi {
namespace {

void notify(const std::string& state) {
    // Whoever asked to be told and does not listen finds out by itself.
    static_cast<void>(sd_notify(0, state.c_str()));
}

}  // namespace

void notify_ready(const std::string& status) { notify("READY=1\nSTATUS=" + status); }

void notify_reloading() {
    using namespace std::chrono;
    const auto now = duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
    notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now));
}

void notify_stopping() { notify("STOPPING=1"); }

void notify_alive() { notify("WATCHDOG=1"); }

std::uint64_t notify_interval_ms() {
    std::uint64_t us = 0;
    return sd_watchdog_enabled(0, &us) > 0 ? us / 1'000 : 0;
}

}  // namespace kigumi
