#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace kigumi::http {

/// So many threads, and no queue: a task is taken if a thread is idle.
class BoundedPool {
  public:
    /// `idle` is called, on its thread, when a thread has become idle.
    BoundedPool(std::size_t threads, std::function<void()> idle);
    /// Ends the threads after the tasks that they have.
    ~BoundedPool();
    BoundedPool(const BoundedPool&) = delete;
    BoundedPool& operator=(const BoundedPool&) = delete;

    /// False: all threads are busy. Never blocks.
    bool offer(std::function<void()> task);

  private:
    void serve();

    const std::function<void()> on_idle_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> given_;  ///< at most one for each idle thread
    std::size_t idle_ = 0;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace kigumi::http
