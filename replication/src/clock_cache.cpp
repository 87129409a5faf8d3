#include "clock_cache.hpp"

#include <new>

namespace kigumi {
namespace {

using kv::Table;

/// A bound; whoever uses more buckets at a time reads their clocks again now and then.
constexpr std::size_t kMaxBuckets = 1'024;

}  // namespace

Result<ClockCache::Shared> ClockCache::load(kv::ReadTxn& txn, schema::BucketId bucket,
                                            const OriginTable& origins) {
    const std::uint64_t stamp = txn.stamp(Table::kClock);
    if (stamp != 0) {
        const std::lock_guard lock(mutex_);
        const auto it = clocks_.find(bucket);
        if (stamp_ == stamp && it != clocks_.end()) return it->second;
    }
    KIGUMI_TRY(auto read, schema::clock(txn, bucket, origins));
    auto clock = std::make_shared<const schema::Clock>(std::move(read));
    if (stamp != 0) {
        const std::lock_guard lock(mutex_);
        keep(stamp, bucket, clock);
    }
    return Shared(std::move(clock));
}

void ClockCache::committed(const kv::WriteTxn& txn, std::uint64_t stamp, schema::BucketId bucket,
                           const schema::Clock& clock) noexcept {
    const std::uint64_t after = txn.stamp_after(Table::kClock);
    if (after == 0) return;
    try {
        auto shared = std::make_shared<const schema::Clock>(clock);
        const std::lock_guard lock(mutex_);
        // The clocks of other buckets are as they were.
        if (stamp != 0 && stamp_ == stamp) stamp_ = after;
        keep(after, bucket, std::move(shared));
    } catch (const std::bad_alloc&) {
        // What is not kept is read again; the commit has happened all the same.
    }
}

void ClockCache::keep(std::uint64_t stamp, schema::BucketId bucket, Shared clock) {
    if (stamp_ != stamp || clocks_.size() >= kMaxBuckets) clocks_.clear();
    stamp_ = stamp;
    clocks_.insert_or_assign(bucket, std::move(clock));
}

}  // namespace kigumi
