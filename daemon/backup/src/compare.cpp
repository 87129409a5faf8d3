#include "compare.hpp"

#include <algorithm>
#include <functional>

#include "kigumi/crdt/json.hpp"

namespace kigumi::backup {
namespace {

constexpr std::size_t kRowsAtOnce = 4'096;
constexpr std::size_t kShown = 20;

std::string place_text(const std::string& bucket, const RowKey& at) {
    return "bucket " + bucket + ", " + std::string(name_of(at.type)) + " " +
           (is_utf8(at.key) ? json_string(at.key) : std::string("of bytes")) + " " + path_json(at);
}

bool all_covered(const Row& row, const VersionVector& version) {
    return std::all_of(row.begin(), row.end(),
                       [&version](const Write& write) { return version.covers(write.dot); });
}

Result<VersionVector> version_of(Store& store, const std::string& bucket) {
    KIGUMI_TRY(const auto snapshot, store.read(bucket));
    return snapshot.version();
}

class Compare {
  public:
    Compare(Store& store, Store& restored, const std::string& bucket)
        : store_(store), restored_(restored), bucket_(bucket) {}

    Result<Comparison> operator()() {
        KIGUMI_TRY(version_, version_of(restored_, bucket_));
        KIGUMI_TRY(const VersionVector live, version_of(store_, bucket_));
        if (!live.covers(version_)) {
            found_.differences.push_back(
                "bucket " + bucket_ +
                ": the store lacks writes that the backup holds; it went back, or is another");
            return found_;
        }
        KIGUMI_CHECK(each(restored_, store_, [this](auto& txn, const KeyedRow& row) {
            return restored_row(txn, row);
        }));
        KIGUMI_CHECK(each(store_, restored_,
                          [this](auto& txn, const KeyedRow& row) { return live_row(txn, row); }));
        return found_;
    }

  private:
    using Visit = std::function<Result<void>(ReadTransaction& other, const KeyedRow&)>;

    /// Visits the rows of a store with snapshots of another, both taken anew every few thousand.
    Result<void> each(Store& rows, Store& other, const Visit& visit) {
        std::optional<RowKey> last;
        do {
            const std::optional<RowKey> begin = std::exchange(last, std::nullopt);
            KIGUMI_TRY(auto snapshot, rows.read(bucket_));
            KIGUMI_TRY(auto beside, other.read(bucket_));
            std::size_t left = kRowsAtOnce;
            Result<void> outcome;
            const auto one = [&](const RowKey& at, const Row& row) {
                if (begin && at == *begin) return true;
                outcome = visit(beside, {at, row});
                if (!outcome || --left > 0) return outcome.has_value();
                last = at;
                return false;
            };
            KIGUMI_CHECK(snapshot.scan(begin.value_or(RowKey()), one));
            KIGUMI_CHECK(outcome);
        } while (last);
        return {};
    }

    Result<void> restored_row(ReadTransaction& live, const KeyedRow& restored) {
        ++found_.rows;
        KIGUMI_TRY(const Row now, live.get(restored.at));
        if (now == restored.row) return {};
        ++found_.changed_since;
        // A write that is newer than the backup; or all that was there has been removed and
        // collected, in the backup already or since: then G has passed that removal.
        const bool written = !all_covered(now, version_);
        const bool collectable = leaf_type(restored.at) != Type::kCounter;
        const bool collected = now.empty() && collectable &&
                               (restored.row.removed() ? all_covered(restored.row, live.floor())
                                                       : !version_.covers(live.floor()));
        if (!written && !collected)
            wrong(restored.at, now.empty() ? "is lost from the store"
                                           : "has gone back in the store, without a newer write");
        return {};
    }

    Result<void> live_row(ReadTransaction& backup, const KeyedRow& live) {
        if (!all_covered(live.row, version_)) return {};
        KIGUMI_TRY(const Row then, backup.get(live.at));
        // What is there on both sides was compared from the other.
        if (then.empty()) wrong(live.at, "is not in the backup, whose version covers it");
        return {};
    }

    void wrong(const RowKey& at, const std::string& what) {
        ++found_.wrong;
        if (found_.differences.size() < kShown)
            found_.differences.push_back(place_text(bucket_, at) + " " + what);
    }

    Store& store_;
    Store& restored_;
    const std::string& bucket_;
    VersionVector version_;
    Comparison found_;
};

}  // namespace

Result<Comparison> compare(Store& store, Store& restored, const std::string& bucket) {
    return Compare(store, restored, bucket)();
}

}  // namespace kigumi::backup
