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
    if (problem.kind == Kind::kFloorAboveVersion) table = Table::kClock;
    const bool by_entry = table == Table::kLog || table == Table::kClock;
    KIGUMI_TRY(const auto problems, inspector.look_for(table, by_entry ? problem.entry : row_key));
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
        case Kind::kFloorAboveVersion:
            KIGUMI_CHECK(state.cut_clock_entry(problem.entry));
            break;
        default:
            return false;
    }
    state.dirty = true;
    return true;
}

Result<void> WriteTransaction::State::cut_clock_entry(const std::string& key) {
    KIGUMI_TRY(const auto record, txn->get(Table::kClock, key));
    auto entry = record ? schema::read_clock_entry(*record) : std::nullopt;
    if (!entry) return {};
    entry->floor = std::min(entry->floor, entry->version);
    entry->horizon = std::min(entry->horizon, entry->version);
    return txn->put(Table::kClock, key, schema::write_clock_entry(*entry));
}

Result<std::optional<Row>> WriteTransaction::readable_row(const RowKey& at) {
    const Inspector inspector(*state_->txn, state_->bucket, state_->origins, version());
    KIGUMI_TRY(auto stored, inspector.stored_at(store_key(at).bytes));
    if (!stored.there) return std::optional<Row>(Row());
    if (!stored.row) return std::optional<Row>();
    return std::optional<Row>(std::move(stored.row->row));
}

Result<std::size_t> WriteTransaction::restore_row(const KeyedRow& row,
                                                  const std::vector<Dot>& named) {
    State& state = *state_;
    const Inspector inspector(*state.txn, state.bucket, state.origins, version());
    const StoreKey key = store_key(row.at);
    KIGUMI_TRY(const auto readable, readable_row(row.at));
    const Row ours = readable.value_or(Row());
    const Row united = unite(ours, row.row);
    std::size_t added = 0;
    std::vector<const Write*> unlogged;
    for (const Write& write : united) {
        if (ours.find(write.dot) == nullptr) ++added;
        KIGUMI_TRY(const auto place, state.txn->get(Table::kLog, state.log_key(write.dot)));
        if (place == key.bytes) continue;
        unlogged.push_back(&write);
        if (!place) continue;
        KIGUMI_TRY(const auto other, inspector.stored_at(*place));
        if (other.holds(write.dot) || (other.there && !other.row))
            return fail(ErrorCode::kCorrupt, "one write is in two rows");
    }
    for (const Write* const logged : unlogged) {
        const Write& write = *logged;
        KIGUMI_CHECK(state.txn->put(Table::kLog, state.log_key(write.dot), key.bytes));
        state.store.note_skew(state.time.observe(write.time, state.store.options.wall_ms()));
    }
    std::vector<Dot> gone = named;
    for (const Write& write : ours) gone.push_back(write.dot);
    for (const Dot& dot : gone) {
        const std::string entry = state.log_key(dot);
        KIGUMI_TRY(const auto place, state.txn->get(Table::kLog, entry));
        if (place == key.bytes && united.find(dot) == nullptr)
            KIGUMI_CHECK(state.txn->erase(Table::kLog, entry));
    }
    const std::string row_key = schema::bucket_prefix(state.bucket) + key.bytes;
    state.dirty = true;
    if (united.empty()) {
        KIGUMI_CHECK(state.txn->erase(Table::kRemoved, row_key));
        KIGUMI_CHECK(state.txn->erase(Table::kRows, row_key));
        return added;
    }
    KIGUMI_CHECK(united.removed() ? state.txn->put(Table::kRemoved, row_key, {})
                                  : state.txn->erase(Table::kRemoved, row_key));
    const std::string record = state.record_of(key, row.at, united);
    KIGUMI_CHECK(state.txn->put(Table::kRows, row_key, record));
    return added;
}

}  // namespace kigumi
