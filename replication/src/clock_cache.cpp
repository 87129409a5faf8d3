#include "clock_cache.hpp"

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
    Entry fresh = entry(bucket, std::move(read));
    Shared clock = fresh.mapped();
    if (stamp != 0) {
        const std::lock_guard lock(mutex_);
        keep(stamp, std::move(fresh));
    }
    return clock;
}

ClockCache::Entry ClockCache::entry(schema::BucketId bucket, schema::Clock clock) {
    std::map<schema::BucketId, Shared> one;
    const auto at =
        one.emplace(bucket, std::make_shared<const schema::Clock>(std::move(clock))).first;
    return one.extract(at);
}

void ClockCache::committed(const kv::WriteTxn& txn, std::uint64_t stamp, Entry entry) noexcept {
    const std::uint64_t after = txn.stamp_after(Table::kClock);
    if (after == 0) return;
    const std::lock_guard lock(mutex_);
    // The clocks of other buckets are as they were.
    if (stamp != 0 && stamp_ == stamp) stamp_ = after;
    keep(after, std::move(entry));
}

void ClockCache::keep(std::uint64_t stamp, Entry entry) noexcept {
    if (stamp_ != stamp || clocks_.size() >= kMaxBuckets) clocks_.clear();
    stamp_ = stamp;
    clocks_.erase(entry.key());
    clocks_.insert(std::move(entry));
}

}  // namespace kigumi
