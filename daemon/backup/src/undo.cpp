#include "undo.hpp"

#include <algorithm>

#include "as_of.hpp"
#include "kigumi/crdt/policy.hpp"
#include "kigumi/crdt/write_rules.hpp"

namespace kigumi::backup {
namespace {

/// Rows that are looked at in one snapshot, and undone in one transaction.
constexpr std::size_t kLook = 50'000;
constexpr std::size_t kRows = 1'000;
constexpr std::size_t kBytes = std::size_t{16} << 20;

/// The list of members and the like: what the cluster is now is no matter of the data.
bool of_the_cluster(const std::string& bucket) { return bucket.starts_with("kigumi."); }

/// Bounds how many writes between the earlier backup and the moment no backup shows. The counters
/// of an origin have no gaps, and its times only grow: so between what the earlier backup covers
/// and the first write after the moment, what is not here was replaced.
class Missing {
  public:
    explicit Missing(const VersionVector& earlier) : earlier_(earlier) {}

    void see(const Write& write, std::uint64_t at_ms) {
        if (earlier_.covers(write.dot)) return;
        Seen& seen = seen_[write.dot.origin];
        if (write.time.ms() <= at_ms) {
            ++seen.until;
        } else {
            seen.first_after = std::min(seen.first_after, write.dot.counter);
        }
    }
    std::uint64_t count(const VersionVector& version) const {
        std::uint64_t missing = 0;
        for (const auto& [origin, counter] : version) {
            if (counter <= earlier_[origin]) continue;
            const auto it = seen_.find(origin);
            const Seen seen = it == seen_.end() ? Seen() : it->second;
            const std::uint64_t end = std::min(counter, seen.first_after - 1);
            const std::uint64_t made = end - std::min(end, earlier_[origin]);
            missing += made - std::min(made, seen.until);
        }
        return missing;
    }

  private:
    struct Seen {
        std::uint64_t until = 0;
        std::uint64_t first_after = ~std::uint64_t{0};
    };

    const VersionVector& earlier_;
    std::map<ReplicaId, Seen> seen_;
};

Result<VersionVector> version_of(Store& store, const std::string& bucket) {
    KIGUMI_TRY(const auto snapshot, store.read(bucket));
    return snapshot.version();
}

/// The undoing in one bucket.
class Bucket {
  public:
    Bucket(Store& store, Store& earlier, const std::string& name, std::uint64_t at_ms)
        : store_(store), earlier_(earlier), name_(name), at_ms_(at_ms) {}

    Result<Undone> operator()() {
        KIGUMI_TRY(const ReplicaId self, store_.replica());
        KIGUMI_TRY(const VersionVector before, version_of(earlier_, name_));
        KIGUMI_TRY(const VersionVector restored, version_of(store_, name_));
        Missing missing(before);
        std::optional<RowKey> last;
        do {
            KIGUMI_TRY(const auto places, next_places(last, self, missing));
            KIGUMI_CHECK(undo(places));
        } while (last);
        undone_.uncertain += missing.count(restored);
        undone_.uncertain = std::min(undone_.uncertain, undone_.rows);
        return undone_;
    }

  private:
    /// The next rows that were written after the moment. `last` is where the look ended, nothing at
    /// the end of the bucket.
    Result<std::vector<RowKey>> next_places(std::optional<RowKey>& last, const ReplicaId& self,
                                            Missing& missing) {
        std::vector<RowKey> places;
        const std::optional<RowKey> begin = std::exchange(last, std::nullopt);
        std::size_t looked_at = 0;
        KIGUMI_TRY(auto snapshot, store_.read(name_));
        KIGUMI_CHECK(snapshot.scan(begin.value_or(RowKey()), [&](const RowKey& at, const Row& row) {
            if (begin && at == *begin) return true;
            bool after = false;
            for (const Write& write : row) {
                if (write.dot.origin == self) continue;
                missing.see(write, at_ms_);
                after = after || write.time.ms() > at_ms_;
            }
            if (after) places.push_back(at);
            if (++looked_at < kLook && places.size() < kRows) return true;
            last = at;
            return false;
        }));
        return places;
    }

    Result<void> undo(const std::vector<RowKey>& places) {
        std::optional<WriteTransaction> tx;
        KIGUMI_TRY(auto before, earlier_.read(name_));
        std::size_t bytes = 0;
        undone_.rows += places.size();
        for (const RowKey& at : places) {
            if (!tx) {
                KIGUMI_TRY(auto begun, store_.write(name_));
                tx.emplace(std::move(begun));
            }
            KIGUMI_TRY(const Row now, tx->get(at));
            KIGUMI_TRY(const Row earlier, before.get(at));
            const AsOf found = as_of(at, earlier, before.version(), now, at_ms_);
            const Row& then = found.row;
            if (found.ambiguous && leaf_type(at) != Type::kRegister) ++undone_.uncertain;
            if (leaf_type(at) == Type::kCounter) {
                KIGUMI_CHECK(count_as(*tx, at, now, then));
            } else {
                KIGUMI_CHECK(show_as(*tx, at, now, then));
            }
            bytes += encode_batch({{at, then}}).size();
            if (bytes < kBytes) continue;
            KIGUMI_CHECK(tx->commit());
            tx.reset();
            bytes = 0;
        }
        return tx ? tx->commit() : Result<void>();
    }

    Result<void> show_as(WriteTransaction& tx, const RowKey& at, const Row& now, const Row& then) {
        Payload payload = shown_payload(at, then);
        if (std::holds_alternative<Removed>(payload) && now.removed()) return {};
        if (in_conflict(at, then)) ++undone_.siblings;
        return assign(tx, at, std::move(payload));
    }

    /// A contribution of this replica, its first, that makes up for the difference; or a reset if
    /// the counter was not there.
    Result<void> count_as(WriteTransaction& tx, const RowKey& at, const Row& now, const Row& then) {
        const std::int64_t is = count(now);
        const std::int64_t was = count(then);
        if (is == was && counted(now) == counted(then)) return {};
        if (!counted(then)) return reset(tx, at);
        return contribute(tx, at, [is, was](const Row&, Tally& mine) -> Result<void> {
            // Unsigned, so that the way from one end of the range to the other is exact.
            const auto from = static_cast<std::uint64_t>(is);
            const auto to = static_cast<std::uint64_t>(was);
            // A counter that stood at 0 is not one that does not exist.
            mine = was > is ? Tally{to - from, 0} : is > was ? Tally{0, from - to} : Tally{1, 1};
            return {};
        });
    }

    Store& store_;
    Store& earlier_;
    const std::string& name_;
    const std::uint64_t at_ms_;
    Undone undone_;
};

}  // namespace

Result<Undone> undo_after(Store& store, Store& earlier, std::uint64_t at_ms) {
    Undone all;
    KIGUMI_TRY(const auto buckets, store.buckets());
    for (const std::string& bucket : buckets) {
        if (of_the_cluster(bucket)) continue;
        KIGUMI_TRY(const Undone undone, Bucket(store, earlier, bucket, at_ms)());
        all.rows += undone.rows;
        all.uncertain += undone.uncertain;
        all.siblings += undone.siblings;
    }
    return all;
}

}  // namespace kigumi::backup
