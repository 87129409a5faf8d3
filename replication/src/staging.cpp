#include "transaction_state.hpp"

/// Rows of a pull that is under way.
namespace kigumi {
namespace {

using kv::Table;

tl::unexpected<Error> folding_first() {
    return fail(ErrorCode::kBusy, "what an earlier pull brought is still being folded in");
}

}  // namespace

Result<void> WriteTransaction::stage(const KeyedRow& row) {
    if (folding()) return folding_first();
    state_->dirty = true;
    const StoreKey key = store_key(row.at);
    const std::string record = state_->record_of(key, row.at, row.row);
    return state_->txn->put(Table::kStaging, schema::bucket_prefix(state_->bucket) + key.bytes,
                            record);
}

Result<std::optional<KeyedRow>> WriteTransaction::staged(const RowKey& at) {
    const std::string place = store_key(at).bytes;
    KIGUMI_TRY(const auto record,
               state_->reader().staged_at(schema::bucket_prefix(state_->bucket) + place));
    if (!record) return std::optional<KeyedRow>();
    KIGUMI_TRY(KeyedRow row, decode_record(place, *record, state_->origins));
    return std::optional<KeyedRow>(std::move(row));
}

Result<void> WriteTransaction::each_staged(
    const std::function<Result<void>(const KeyedRow&)>& visit) {
    const std::string prefix = schema::bucket_prefix(state_->bucket);
    KIGUMI_TRY(const auto cursor, state_->txn->cursor(Table::kStaging));
    KIGUMI_TRY(auto item, cursor->seek(prefix));
    while (item && item->key.starts_with(prefix)) {
        KIGUMI_TRY(const KeyedRow row,
                   decode_record(item->key.substr(prefix.size()), item->value, state_->origins));
        KIGUMI_CHECK(visit(row));
        KIGUMI_TRY(item, cursor->next());
    }
    return {};
}

Result<void> WriteTransaction::mark_staged(std::string_view mark) {
    state_->dirty = true;
    return schema::put_pull_mark(*state_->txn, state_->bucket, mark);
}

Result<std::string> WriteTransaction::staged_mark() {
    return schema::pull_mark(*state_->txn, state_->bucket);
}

Result<bool> WriteTransaction::clear_staged(std::size_t rows) {
    if (folding()) return folding_first();
    const std::string prefix = schema::bucket_prefix(state_->bucket);
    KIGUMI_TRY(const std::string mark, schema::pull_mark(*state_->txn, state_->bucket));
    if (!mark.empty()) KIGUMI_CHECK(mark_staged({}));
    std::vector<std::string> keys;
    KIGUMI_TRY(const auto cursor, state_->txn->cursor(Table::kStaging));
    KIGUMI_TRY(auto item, cursor->seek(prefix));
    while (item && item->key.starts_with(prefix) && keys.size() < rows) {
        keys.emplace_back(item->key);
        KIGUMI_TRY(item, cursor->next());
    }
    const bool all = !item || !item->key.starts_with(prefix);
    for (const std::string& key : keys) {
        state_->dirty = true;
        KIGUMI_CHECK(state_->txn->erase(Table::kStaging, key));
    }
    return all;
}

}  // namespace kigumi
