#include <algorithm>

#include "inspector.hpp"
#include "transaction_state.hpp"

/// What repairs write: index entries, and rows whatever stands in their place.
namespace kigumi {
namespace {

using check::Kind;
using check::Problem;
using kv::Table;

bool same(const Problem& a, const Problem& b) {
    return a.kind == b.kind && a.place == b.place && a.dot == b.dot && a.entry == b.entry;
}

}  // namespace

Result<bool> WriteTransaction::mend(const Problem& problem) {
    State& state = *state_;
    const Inspector inspector(*state.txn, state.bucket, state.origins, version());
    const std::string row_key = schema::bucket_prefix(state.bucket) + problem.place;
    Table table = Table::kRows;
    if (problem.kind == Kind::kStrayLogEntry) table = Table::kLog;
    if (problem.kind == Kind::kStrayRemovedEntry) table = Table::kRemoved;
    KIGUMI_TRY(const auto problems,
               inspector.look_for(table, table == Table::kLog ? problem.entry : row_key));
    if (std::none_of(problems.begin(), problems.end(),
                     [&](const Problem& other) { return same(problem, other); }))
        return false;
    switch (problem.kind) {
        case Kind::kMissingLogEntry:
            KIGUMI_CHECK(state.txn->put(Table::kLog, problem.entry, problem.place));
            break;
        case Kind::kStrayLogEntry:
            KIGUMI_CHECK(state.txn->erase(Table::kLog, problem.entry));
            break;
        case Kind::kMissingRemovedEntry:
            KIGUMI_CHECK(state.txn->put(Table::kRemoved, row_key, {}));
            break;
        case Kind::kStrayRemovedEntry:
            KIGUMI_CHECK(state.txn->erase(Table::kRemoved, row_key));
            break;
        default:
            return false;
    }
    state.dirty = true;
    return true;
}

Result<std::size_t> WriteTransaction::restore_row(const KeyedRow& row,
                                                  const std::vector<Dot>& named) {
    State& state = *state_;
    const Inspector inspector(*state.txn, state.bucket, state.origins, version());
    const StoreKey key = store_key(row.at);
    KIGUMI_TRY(const auto stored, inspector.stored_at(key.bytes));
    const Row ours = stored.row ? stored.row->row : Row();
    Row united = ours;
    for (const Write& write : row.row)
        if (ours.find(write.dot) == nullptr) united.insert(write);
    const std::uint64_t wall_ms = state.store.options.wall_ms();
    for (const Write& write : united) {
        const std::string entry = state.log_key(write.dot);
        KIGUMI_TRY(const auto place, state.txn->get(Table::kLog, entry));
        if (place == key.bytes) continue;
        if (place) {
            KIGUMI_TRY(const auto other, inspector.stored_at(*place));
            if (other.holds(write.dot) || (other.there && !other.row))
                return fail(ErrorCode::kCorrupt, "one write is in two rows");
        }
        KIGUMI_CHECK(state.txn->put(Table::kLog, entry, key.bytes));
        state.time.observe(write.time, wall_ms);
    }
    for (const Dot& dot : named) {
        const std::string entry = state.log_key(dot);
        KIGUMI_TRY(const auto place, state.txn->get(Table::kLog, entry));
        if (place == key.bytes && united.find(dot) == nullptr)
            KIGUMI_CHECK(state.txn->erase(Table::kLog, entry));
    }
    const std::string row_key = schema::bucket_prefix(state.bucket) + key.bytes;
    KIGUMI_CHECK(united.removed() ? state.txn->put(Table::kRemoved, row_key, {})
                                  : state.txn->erase(Table::kRemoved, row_key));
    const std::string record =
        encode_record(key.bytes, key.shortened, row.at, united, state.origins);
    KIGUMI_CHECK(state.txn->put(Table::kRows, row_key, record));
    state.dirty = true;
    return united.size() - ours.size();
}

}  // namespace kigumi
