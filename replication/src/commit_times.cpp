#include "kigumi/replication/commit_times.hpp"

#include <mutex>

namespace kigumi::kv {
namespace {

/// Of the process: whoever asks wants to know the disk, not one environment.
struct Counted {
    std::mutex mutex;
    CommitTimes times;
};

Counted& counted() {
    static Counted only;
    return only;
}

}  // namespace

void CommitTimes::add(std::chrono::nanoseconds took, bool ok) {
    const auto us = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    std::size_t at = 0;
    while (at < kBoundsUs.size() && us > kBoundsUs[at]) ++at;
    ++counts[at];
    sum_us += us;
    if (!ok) ++failed;
}

CommitTimes commit_times() {
    const std::lock_guard lock(counted().mutex);
    return counted().times;
}

void count_commit(std::chrono::nanoseconds took, bool ok) {
    const std::lock_guard lock(counted().mutex);
    counted().times.add(took, ok);
}

}  // namespace kigumi::kv
