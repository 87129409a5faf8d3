#include "watchdog.hpp"

#include <algorithm>
#include <chrono>

#include "log.hpp"
#include "notify.hpp"

namespace kigumi {
namespace {

using Level = Effects::Note::Level;

constexpr std::uint64_t kLookMs = 500;

}  // namespace

Watchdog::Watchdog(std::function<std::uint64_t()> idle_ms, std::uint64_t limit_ms)
    : idle_ms_(std::move(idle_ms)), limit_ms_(limit_ms), thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    thread_.join();
}

void Watchdog::set_limit(std::uint64_t limit_ms) { limit_ms_ = limit_ms; }

bool Watchdog::stuck() const {
    const std::uint64_t limit_ms = limit_ms_;
    return limit_ms != 0 && idle_ms_() > limit_ms;
}

void Watchdog::run() {
    const std::uint64_t manager_ms = notify_interval_ms();
    // Half of what the manager allows: one late thread is no dead daemon.
    const std::uint64_t look_ms =
        manager_ms == 0 ? kLookMs : std::clamp<std::uint64_t>(manager_ms / 2, 1, kLookMs);
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        lock.unlock();
        look();
        lock.lock();
        changed_.wait_for(lock, std::chrono::milliseconds(look_ms), [this] { return stopping_; });
    }
}

void Watchdog::look() {
    const bool now = stuck();
    if (!now) notify_alive();
    if (now == told_) return;
    told_ = now;
    if (now) {
        log({Level::kWarning, "loop.stuck",
             "idle_ms=" + std::to_string(idle_ms_()) + " limit_ms=" + std::to_string(limit_ms_) +
                 " reason=\"the disk hangs, or some process holds the write lock\""});
    } else {
        log({Level::kWarning, "loop.turns", "the event loop turns again"});
    }
}

}  // namespace kigumi
