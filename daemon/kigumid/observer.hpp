#pragma once

#include <atomic>
#include <chrono>
#include <mutex>

#include "kigumi/daemon/http_server.hpp"
#include "kigumi/daemon/node.hpp"
#include "kigumi/daemon/observation.hpp"
#include "row_counter.hpp"
#include "watchdog.hpp"

namespace kigumi {

/// Looks at what the daemon runs. Thread-safe; however often it is asked, it looks twice a second
/// at the most. All that it looks at must outlive it.
class Observer {
  public:
    Observer(Store& store, Node& node, const Watchdog& watchdog, const RowCounter& rows,
             bool has_peers);

    /// The daemon has been asked to end.
    void set_draining() { draining_ = true; }
    http::Observation observe();
    /// What HTTP shows: /metrics, /readyz and /status.json.
    http::Pages pages();
    /// /healthz, which waits for nothing.
    http::Pages health_pages();

  private:
    /// What needs neither the store nor the node's thread.
    http::Observation glance() const;
    http::Observation look() const;

    Store& store_;
    Node& node_;
    const Watchdog& watchdog_;
    const RowCounter& rows_;
    const bool has_peers_;
    const std::uint64_t started_ms_;
    std::atomic<bool> draining_ = false;
    std::mutex mutex_;
    http::Observation last_;
    std::chrono::steady_clock::time_point looked_;
};

}  // namespace kigumi
