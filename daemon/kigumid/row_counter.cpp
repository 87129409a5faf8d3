#include "row_counter.hpp"

#include <chrono>

#include "kigumi/crdt/policy.hpp"

namespace kigumi {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kRowsInOneStep = 1'000;
constexpr int kRestsPerWork = 9;

void add(http::Census& census, const KeyedRow& keyed) {
    ++census.rows;
    if (keyed.row.removed()) ++census.removed;
    if (!in_conflict(keyed.at, keyed.row)) return;
    ++census.conflicts;
    census.siblings += keyed.row.size() - 1;
}

/// Counts some rows from `from` on, which moves behind them; empty again at the end.
Result<void> step(Store& store, const std::string& bucket, std::string& from,
                  http::Census& census) {
    KIGUMI_TRY(auto snapshot, store.read(bucket));
    std::size_t left = kRowsInOneStep;
    std::string next;
    KIGUMI_CHECK(snapshot.walk_rows(from, [&](const ReadTransaction::PlacedRow& placed) {
        if (left == 0) {
            next = placed.place;
            return false;
        }
        --left;
        if (placed.row) add(census, *placed.row);
        return true;
    }));
    from = std::move(next);
    return {};
}

}  // namespace

RowCounter::RowCounter(Store& store, std::uint64_t interval_ms)
    : store_(store), interval_ms_(interval_ms), thread_([this] { run(); }) {}

RowCounter::~RowCounter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    thread_.join();
}

void RowCounter::set_interval(std::uint64_t interval_ms) {
    const std::lock_guard lock(mutex_);
    interval_ms_ = interval_ms;
    changed_.notify_all();
}

std::optional<http::Census> RowCounter::last() const {
    const std::lock_guard lock(mutex_);
    return last_;
}

void RowCounter::run() {
    std::optional<Clock::time_point> ended;
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const auto due = ended.value_or(Clock::now()) + std::chrono::milliseconds(interval_ms_);
        if (interval_ms_ == 0) {
            changed_.wait(lock);
        } else if (ended && Clock::now() < due) {
            changed_.wait_until(lock, due);
        } else {
            lock.unlock();
            auto counted = count();
            lock.lock();
            if (counted) last_ = counted;
            ended = Clock::now();
        }
    }
}

std::optional<http::Census> RowCounter::count() {
    const auto begun = Clock::now();
    http::Census census;
    const auto buckets = store_.buckets();
    if (!buckets) return std::nullopt;
    for (const std::string& bucket : *buckets) {
        std::string from;
        do {
            const auto working = Clock::now();
            if (!step(store_, bucket, from, census)) return std::nullopt;
            const auto worked = Clock::now() - working;
            if (!rest(std::chrono::ceil<std::chrono::milliseconds>(kRestsPerWork * worked)))
                return std::nullopt;
        } while (!from.empty());
    }
    census.ended_ms = store_.wall_ms();
    census.took_ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun).count());
    return census;
}

bool RowCounter::rest(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, time, [this] { return stopping_; });
    return !stopping_;
}

}  // namespace kigumi
