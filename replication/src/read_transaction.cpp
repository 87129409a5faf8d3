#include <algorithm>

#include "big_endian.hpp"
#include "kigumi/crdt/defect.hpp"
#include "transaction_state.hpp"

namespace kigumi {

static_assert(RowSource<ReadTransaction>);

using kv::Table;

ReadTransaction::ReadTransaction(std::unique_ptr<State> state) : state_(std::move(state)) {}
ReadTransaction::ReadTransaction(ReadTransaction&&) noexcept = default;
ReadTransaction& ReadTransaction::operator=(ReadTransaction&&) noexcept = default;
ReadTransaction::~ReadTransaction() = default;

Result<Row> ReadTransaction::get(const RowKey& at) { return state_->reader().get(at); }

Result<void> ReadTransaction::scan(const RowKey& from, const RowVisitor& visit) {
    return state_->reader().scan(from, visit);
}

Result<void> ReadTransaction::each_object(
    const std::function<bool(const std::string&, Type)>& visit, const RowKey& from) {
    return state_->reader().each_object(visit, from);
}

const VersionVector& ReadTransaction::version() const { return state_->clock->version; }
SessionToken ReadTransaction::token() const {
    SessionToken token;
    token.observe(state_->name, state_->clock->version);
    return token;
}
const VersionVector& ReadTransaction::floor() const { return state_->clock->floor; }
const VersionVector& ReadTransaction::horizon() const { return state_->clock->horizon; }

std::optional<std::uint32_t> ReadTransaction::origin_number(const ReplicaId& origin) const {
    return state_->origins->find(origin);
}

bool ReadTransaction::folding() const { return state_->overlay.has_value(); }

bool ReadTransaction::indexed(const VersionVector& from, const VersionVector& to) const {
    return !state_->overlay || state_->overlay->indexed(from, to);
}

VersionVector ReadTransaction::indexed_from(VersionVector version) const {
    if (!state_->overlay || KIGUMI_DEFECT(kUnfoldedServed)) return version;
    for (const auto& [origin, counter] : state_->overlay->theirs)
        if (state_->overlay->before[origin] < counter) version.raise(origin, counter);
    return version;
}

Result<void> ReadTransaction::scan_log(
    const ReplicaId& origin, std::uint64_t after, std::uint64_t upto,
    const std::function<bool(std::uint64_t, const KeyedRow&)>& visit) {
    const auto number = state_->origins->find(origin);
    if (!number || after >= upto) return {};
    const std::string prefix = schema::log_key(state_->bucket, *number, 0).substr(0, 8);
    KIGUMI_TRY(const auto cursor, state_->txn->cursor(Table::kLog));
    KIGUMI_TRY(auto item, cursor->seek(schema::log_key(state_->bucket, *number, after + 1)));
    while (item && item->key.starts_with(prefix)) {
        const std::uint64_t counter = read_u64(item->key.substr(prefix.size()));
        if (counter > upto) break;
        KIGUMI_TRY(const auto keyed, state_->reader().at_place(item->value));
        const bool shows = keyed && keyed->row.find({origin, counter}) != nullptr;
        // What lies over a row may have replaced the write.
        if (!shows && (!state_->overlay || !state_->overlay->pending(item->value)))
            return fail(ErrorCode::kCorrupt,
                        "the log names a row that is not there; restore from a peer");
        if (shows && !visit(counter, *keyed)) break;
        KIGUMI_TRY(item, cursor->next());
    }
    return {};
}

Result<std::uint64_t> ReadTransaction::State::count(Table table) const {
    std::uint64_t items = 0;
    const std::string prefix = schema::bucket_prefix(bucket);
    KIGUMI_TRY(const auto cursor, txn->cursor(table));
    KIGUMI_TRY(auto item, cursor->seek(prefix));
    while (item && item->key.starts_with(prefix)) {
        ++items;
        KIGUMI_TRY(item, cursor->next());
    }
    return items;
}

Result<std::uint64_t> ReadTransaction::count_rows() {
    if (!folding()) return state_->count(Table::kRows);
    std::uint64_t rows = 0;
    KIGUMI_CHECK(scan({}, [&rows](const RowKey&, const Row&) { return ++rows, true; }));
    return rows;
}

Result<std::uint64_t> ReadTransaction::count_removed() { return state_->count(Table::kRemoved); }

Result<std::uint64_t> ReadTransaction::count_unfolded() {
    std::uint64_t rows = 0;
    if (!folding()) return rows;
    const std::string prefix = schema::bucket_prefix(state_->bucket);
    KIGUMI_TRY(const auto cursor, state_->txn->cursor(Table::kStaging));
    KIGUMI_TRY(auto item, cursor->seek(prefix));
    while (item && item->key.starts_with(prefix)) {
        rows += item->value == Overlay::kFolded ? 0 : 1;
        KIGUMI_TRY(item, cursor->next());
    }
    return rows;
}

bool collectable(const Row& row, const VersionVector& stable) {
    return !row.empty() && std::all_of(row.begin(), row.end(), [&stable](const Write& write) {
        return write.removed() && stable.covers(write.dot);
    });
}

Result<std::vector<std::string>> ReadTransaction::collectable(const VersionVector& stable,
                                                              std::size_t limit,
                                                              std::string& cursor) {
    const std::string prefix = schema::bucket_prefix(state_->bucket);
    std::vector<std::string> places;
    // Not before it is clear which rows are removed.
    if (folding()) return places;
    KIGUMI_TRY(const auto position, state_->txn->cursor(Table::kRemoved));
    KIGUMI_TRY(auto item, position->seek(cursor.empty() ? prefix : cursor));
    for (; item && item->key.starts_with(prefix) && limit > 0; --limit) {
        const std::string place(item->key);
        KIGUMI_TRY(const auto keyed, state_->reader().at_key(place));
        if (keyed && kigumi::collectable(keyed->row, stable)) places.push_back(place);
        KIGUMI_TRY(item, position->next());
    }
    cursor = item && item->key.starts_with(prefix) ? std::string(item->key) : std::string();
    return places;
}

}  // namespace kigumi
