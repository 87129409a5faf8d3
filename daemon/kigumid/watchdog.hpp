#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace kigumi {

/// A thread that notices when an event loop no longer turns: it logs that, and when the loop turns
/// again, and tells the service manager that all is well only as long as it is. Thread-safe.
class Watchdog {
  public:
    /// `idle_ms`: how long ago the loop last turned. A limit of 0: it is never stuck.
    Watchdog(std::function<std::uint64_t()> idle_ms, std::uint64_t limit_ms);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    void set_limit(std::uint64_t limit_ms);
    bool stuck() const;

  private:
    void run();
    void look();

    const std::function<std::uint64_t()> idle_ms_;
    std::atomic<std::uint64_t> limit_ms_;
    bool told_ = false;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace kigumi
