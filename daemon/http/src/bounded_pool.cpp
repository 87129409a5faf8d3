#include "bounded_pool.hpp"

#include <utility>

namespace kigumi::http {

BoundedPool::BoundedPool(std::size_t threads, std::function<void()> idle)
    : on_idle_(std::move(idle)), idle_(threads) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

BoundedPool::~BoundedPool() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
}

bool BoundedPool::offer(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (given_.size() >= idle_) return false;
    given_.push_back(std::move(task));
    changed_.notify_one();
    return true;
}

void BoundedPool::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return !given_.empty() || ending_; });
        if (given_.empty()) return;
        const auto task = std::move(given_.front());
        given_.pop_front();
        --idle_;
        lock.unlock();
        task();
        lock.lock();
        ++idle_;
        lock.unlock();
        on_idle_();
        lock.lock();
    }
}

}  // namespace kigumi::http
