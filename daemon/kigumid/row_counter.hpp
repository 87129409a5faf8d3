#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "kigumi/daemon/observation.hpp"

namespace kigumi {

/// A thread that counts the rows of a store now and then, a few in each short snapshot, resting
/// nine times as long as it works. Rows that change meanwhile count as they are when it passes. The
/// store must outlive it. Thread-safe.
class RowCounter {
  public:
    /// `interval_ms`: from the end of one census to the next; 0: none.
    RowCounter(Store& store, std::uint64_t interval_ms);
    ~RowCounter();
    RowCounter(const RowCounter&) = delete;
    RowCounter& operator=(const RowCounter&) = delete;

    void set_interval(std::uint64_t interval_ms);
    /// The last one that is complete.
    std::optional<http::Census> last() const;

  private:
    void run();
    /// Nothing if it is time to stop, or the store cannot be read.
    std::optional<http::Census> count();
    /// Returns false if it is time to stop.
    bool rest(std::chrono::milliseconds time);

    Store& store_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t interval_ms_;
    bool stopping_ = false;
    std::optional<http::Census> last_;
    std::thread thread_;
};

}  // namespace kigumi
