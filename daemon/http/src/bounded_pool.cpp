#include "bounded_pool.hpp"

#include <utility>

namespace kigumi::http {

BoundedPool::BoundedPool(std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

void BoundedPool::enqueue(std::function<void()> task) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !next_; });
    next_ = std::move(task);
    changed_.notify_all();
}

void BoundedPool::shutdown() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
}

void BoundedPool::serve() {
    for (;;) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return next_ || ending_; });
        if (!next_) return;
        const auto task = std::move(*next_);
        next_.reset();
        changed_.notify_all();
        lock.unlock();
        task();
    }
}

}  // namespace kigumi::http
