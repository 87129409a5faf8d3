#include "block_workers.hpp"

#include <algorithm>

namespace kigumi::bundle {

BlockWorkers::BlockWorkers(const std::function<Work()>& make_work) {
    const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
    try {
        threads_.reserve(threads);
        for (unsigned i = 0; i < threads; ++i)
            threads_.emplace_back([this, work = make_work()] { run(work); });
    } catch (...) {
        // A thread that runs when its object goes would end the process.
        stop();
        throw;
    }
}

BlockWorkers::~BlockWorkers() { stop(); }

void BlockWorkers::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

std::unique_ptr<BlockJob> BlockWorkers::fresh() {
    if (spare_.empty()) return std::make_unique<BlockJob>();
    auto job = std::move(spare_.back());
    spare_.pop_back();
    return job;
}

void BlockWorkers::start(std::unique_ptr<BlockJob> job) {
    job->done = false;
    // In this order: no thread may be given a job that nobody holds.
    under_way_.push_back(std::move(job));
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(under_way_.back().get());
    }
    changed_.notify_all();
}

std::unique_ptr<BlockJob> BlockWorkers::oldest() {
    auto job = std::move(under_way_.front());
    under_way_.pop_front();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&job] { return job->done; });
    return job;
}

void BlockWorkers::run(const Work& work) {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        BlockJob& job = *waiting_.front();
        waiting_.pop_front();
        lock.unlock();
        Result<void> outcome = work(job);
        lock.lock();
        job.outcome = std::move(outcome);
        job.done = true;
        changed_.notify_all();
    }
}

}  // namespace kigumi::bundle
