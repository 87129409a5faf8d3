#include <limits>

#include "kigumi/crdt/write_rules.hpp"
#include "replicator_core.hpp"

/// Requests that have been remembered for long enough are removed, like anything else; what that
/// leaves is collected once it is stable.
namespace kigumi {
namespace {

/// Between two steps of a pass, so that writers get their turns.
constexpr std::uint64_t kStepPauseMs = 10;
/// Buckets that are looked at in one step.
constexpr std::size_t kBucketsInStep = 256;
/// Removals in one transaction, which stays small enough to be pushed.
constexpr std::size_t kMaxRemovals = 512;
constexpr std::uint32_t kUnknownOrigin = std::numeric_limits<std::uint32_t>::max();

}  // namespace

void Replicator::Core::forget_requests(std::uint64_t now_ms) {
    if (request_pass_.empty()) {
        request_pass_ = with_requests_;
        requests_begun_ms_ = now_ms;
    }
    std::size_t left = kBucketsInStep;
    for (auto it = request_pass_.begin(); it != request_pass_.end() && left > 0; --left) {
        const std::string name = *it;
        Bucket& bucket = buckets_.at(name);
        if (!bucket.requests.in_pass() && bucket.requests.advance(now_ms, bucket.version)) {
            const auto stored = store_.put_held_versions(name, bucket.requests.notes());
            if (!stored) note(Level::kWarning, "requests.failed", stored.error().message);
        }
        const std::uint64_t looked_at = bucket.version_changes;
        if (const auto done = forget_requests(name, bucket); !done)
            note(Level::kWarning, "requests.failed", done.error().message);
        if (bucket.requests.in_pass()) {
            ++it;
            continue;
        }
        // One without requests has none until something is written to it.
        if (!bucket.requests.any() && bucket.version_changes == looked_at)
            with_requests_.erase(name);
        it = request_pass_.erase(it);
    }
    const std::uint64_t pause_ms = RequestTable::pause_ms(options_);
    requests_at_ms_ = request_pass_.empty() ? std::max(requests_begun_ms_ + pause_ms, now_ms + 1)
                                            : now_ms + std::min(pause_ms, kStepPauseMs);
}

Result<void> Replicator::Core::forget_requests(const std::string& name, Bucket& bucket) {
    std::vector<KeyedRow> expired;
    {
        KIGUMI_TRY(ReadTransaction snapshot, store_.read(name));
        std::size_t left = options_.collect_rows;
        bool through = true;
        const RowKey from = bucket.requests.place();
        // This node's own number is passed over; one that is not known comes last.
        const auto numbers = [&snapshot](const ReplicaId& origin) {
            return snapshot.origin_number(origin).value_or(kUnknownOrigin - 1) + 1;
        };
        KIGUMI_CHECK(snapshot.scan(from, [&](const RowKey& at, const Row& row) {
            if (at == from) return true;
            if (at.type != Type::kRequest || at.key != kRequestsKey) return false;
            if (left-- == 0 || expired.size() == kMaxRemovals) return through = false;
            if (bucket.requests.expired(at, row, self_, numbers)) expired.push_back({at, row});
            return true;
        }));
        bucket.requests.end_step(through);
    }
    if (expired.empty()) return {};
    KIGUMI_TRY(WriteTransaction tx, store_.write(name));
    for (const auto& [at, row] : expired) {
        // Somebody may have executed it anew meanwhile.
        KIGUMI_TRY(const Row present, tx.get(at));
        if (present == row) KIGUMI_CHECK(remove(tx, at));
    }
    KIGUMI_CHECK(tx.commit());
    versions_stale_ = true;
    note(Level::kDebug, "requests.forgotten",
         "bucket=" + name + " rows=" + std::to_string(expired.size()));
    return {};
}

}  // namespace kigumi
