#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kigumi/crdt/result.hpp"

namespace kigumi::bundle {

/// A block on its way through a thread that compresses or decompresses it. Jobs are used again, so
/// that their buffers are allocated once.
struct BlockJob {
    std::string in;
    std::string out;           ///< as large as was ever needed; `out_size` bytes count
    std::size_t out_size = 0;  ///< set before the work if it is known, and by the work
    std::uint64_t offset = 0;  ///< of the block in its file
    Result<void> outcome;
    bool done = false;
};

/// Threads that work on blocks side by side and give them back in the order they came. Used by one
/// thread.
class BlockWorkers {
  public:
    using Work = std::function<Result<void>(BlockJob&)>;

    /// `make_work` is called once for each thread, for what that thread keeps.
    explicit BlockWorkers(const std::function<Work()>& make_work);
    /// Drops what was not taken.
    ~BlockWorkers();
    BlockWorkers(const BlockWorkers&) = delete;
    BlockWorkers& operator=(const BlockWorkers&) = delete;

    /// A job to fill.
    std::unique_ptr<BlockJob> fresh();
    void start(std::unique_ptr<BlockJob> job);
    /// Waits for the job that was started first. There must be one.
    std::unique_ptr<BlockJob> oldest();
    void recycle(std::unique_ptr<BlockJob> job) { spare_.push_back(std::move(job)); }

    bool idle() const { return under_way_.empty(); }
    /// Whether another job would only wait.
    bool busy() const { return under_way_.size() >= 2 * threads_.size(); }

  private:
    void stop();
    void run(const Work& work);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<BlockJob*> waiting_;
    bool stopping_ = false;
    std::deque<std::unique_ptr<BlockJob>> under_way_;
    std::vector<std::unique_ptr<BlockJob>> spare_;
    std::vector<std::thread> threads_;
};

}  // namespace kigumi::bundle
