#pragma once

#include <httplib.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace kigumi::http {

/// So many threads, and no queue: who brings a task waits until a thread takes it.
class BoundedPool : public httplib::TaskQueue {
  public:
    explicit BoundedPool(std::size_t threads);
    ~BoundedPool() override = default;

    void enqueue(std::function<void()> task) override;
    /// Ends the threads after the tasks that they have.
    void shutdown() override;

  private:
    void serve();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<std::function<void()>> next_;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace kigumi::http
