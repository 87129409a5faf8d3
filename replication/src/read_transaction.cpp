#include <algorithm>

#include "big_endian.hpp"
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

const VersionVector& ReadTransaction::version() const { return state_->clock.version; }
SessionToken ReadTransaction::token() const {
    SessionToken token;
    token.observe(state_->name, state_->clock.version);
    return token;
}
const VersionVector& ReadTransaction::floor() const { return state_->clock.floor; }
const VersionVector& ReadTransaction::horizon() const { return state_->clock.horizon; }

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
        const std::string key = schema::bucket_prefix(state_->bucket) + std::string(item->value);
        KIGUMI_TRY(const auto keyed, state_->reader().at_key(key));
        if (!keyed || keyed->row.find({origin, counter}) == nullptr)
            return fail(ErrorCode::kCorrupt,
                        "the log names a row that is not there; restore from a peer");
        if (!visit(counter, *keyed)) break;
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

Result<std::uint64_t> ReadTransaction::count_rows() { return state_->count(Table::kRows); }
Result<std::uint64_t> ReadTransaction::count_removed() { return state_->count(Table::kRemoved); }

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
