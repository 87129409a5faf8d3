#include "inspector.hpp"
#include "transaction_state.hpp"

/// Looking through a bucket for what is wrong.
namespace kigumi {
namespace {

using check::Position;
using check::Problem;
using kv::Table;

constexpr std::size_t kItemsAtOnce = 1'024;

/// Behind the end of a table stands the beginning of the next.
void next_table(Position& position) {
    position.key.clear();
    switch (position.table) {
        case Table::kClock:
            position.table = Table::kRows;
            break;
        case Table::kRows:
            position.table = Table::kLog;
            break;
        case Table::kLog:
            position.table = Table::kRemoved;
            break;
        default:
            position.done = true;
    }
}

}  // namespace

Result<std::vector<Problem>> ReadTransaction::inspect(Position& position, std::size_t limit) {
    KIGUMI_TRY(const bool is_signed, schema::is_signed(*state_->txn, state_->name));
    return inspect(position, limit, is_signed);
}

Result<std::vector<Problem>> ReadTransaction::inspect(Position& position, std::size_t limit,
                                                      bool proofs) {
    GrowingOrigins origins(state_->origins);
    const Inspector inspector(*state_->txn, state_->bucket, origins, version());
    const std::string prefix = schema::bucket_prefix(state_->bucket);
    std::vector<Problem> problems;
    while (!position.done && limit > 0) {
        KIGUMI_TRY(const auto cursor, state_->txn->cursor(position.table));
        KIGUMI_TRY(auto item, cursor->seek(position.key.empty() ? prefix : position.key));
        for (; item && item->key.starts_with(prefix) && limit > 0; --limit) {
            KIGUMI_CHECK(inspector.look_at(position.table, *item, problems));
            if (proofs && position.table == Table::kRows)
                inspector.look_at_proofs(state_->name, *item, problems);
            if (position.table != Table::kClock) ++position.looked_at;
            KIGUMI_TRY(item, cursor->next());
        }
        if (item && item->key.starts_with(prefix)) {
            position.key = item->key;
        } else {
            next_table(position);
        }
    }
    return problems;
}

Result<void> ReadTransaction::check_log() {
    Position position;
    while (!position.done) {
        KIGUMI_TRY(const auto problems, inspect(position, kItemsAtOnce, false));
        if (!problems.empty()) return fail(ErrorCode::kCorrupt, describe(problems.front()));
    }
    return {};
}

Result<void> ReadTransaction::walk_rows(std::string_view from,
                                        const std::function<bool(const PlacedRow&)>& visit) {
    GrowingOrigins origins(state_->origins);
    const Inspector inspector(*state_->txn, state_->bucket, origins, version());
    const std::string prefix = schema::bucket_prefix(state_->bucket);
    KIGUMI_TRY(const auto cursor, state_->txn->cursor(Table::kRows));
    KIGUMI_TRY(auto item, cursor->seek(prefix + std::string(from)));
    std::vector<Problem> problems;
    while (item && item->key.starts_with(prefix)) {
        problems.clear();
        const std::string_view place = item->key.substr(prefix.size());
        KIGUMI_TRY(auto keyed, inspector.look_at_row(*item, problems));
        if (!visit({place, std::move(keyed), problems})) break;
        KIGUMI_TRY(item, cursor->next());
    }
    return {};
}

Result<void> ReadTransaction::each_log_entry(
    std::string& cursor, std::size_t limit,
    const std::function<void(const Dot&, std::string_view)>& visit) {
    const std::string prefix = schema::bucket_prefix(state_->bucket);
    KIGUMI_TRY(const auto position, state_->txn->cursor(Table::kLog));
    KIGUMI_TRY(auto item, position->seek(cursor.empty() ? prefix : cursor));
    for (; item && item->key.starts_with(prefix) && limit > 0; --limit) {
        const auto dot = log_dot(item->key, *state_->origins);
        if (dot) visit(*dot, item->value);
        KIGUMI_TRY(item, position->next());
    }
    cursor = item && item->key.starts_with(prefix) ? std::string(item->key) : std::string();
    return {};
}

Result<std::uint64_t> ReadTransaction::count_items() {
    std::uint64_t items = 0;
    for (const Table table : {Table::kRows, Table::kLog, Table::kRemoved}) {
        KIGUMI_TRY(const std::uint64_t some, state_->txn->items(table));
        items += some;
    }
    return items;
}

}  // namespace kigumi
