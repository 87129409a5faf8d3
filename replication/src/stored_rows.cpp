#include "stored_rows.hpp"

#include "big_endian.hpp"
#include "protocol/changed_rows.hpp"
#include "row_record.hpp"
#include "transaction_state.hpp"

namespace kigumi {

using kv::Table;

Result<bool> StoredRows::may_bear_proofs() const {
    KIGUMI_TRY(const std::uint32_t format, schema::format(*snapshot_.state_->txn));
    return format >= schema::kProvenFormat;
}

std::vector<ReplicaId> StoredRows::origins() const {
    const OriginTable& table = *snapshot_.state_->origins;
    std::vector<ReplicaId> names;
    for (std::uint32_t i = 0; i < table.size(); ++i) names.push_back(*table.name_of(i));
    return names;
}

Result<KeyedRow> StoredRows::decode(std::string_view place, std::string_view record) const {
    return decode_record(place, record, *snapshot_.state_->origins);
}

Result<void> StoredRows::each(const VisitRecord& visit) const {
    const std::string prefix = schema::bucket_prefix(snapshot_.state_->bucket);
    KIGUMI_TRY(const auto cursor, snapshot_.state_->txn->cursor(Table::kRows));
    KIGUMI_TRY(auto item, cursor->seek(prefix));
    while (item && item->key.starts_with(prefix)) {
        const std::string_view place = item->key.substr(prefix.size());
        KIGUMI_CHECK(check_record(place, item->value));
        KIGUMI_CHECK(visit(place, item->value));
        KIGUMI_TRY(item, cursor->next());
    }
    return {};
}

Result<void> StoredRows::each_after(const VersionVector& base, const VisitRecord& visit) const {
    const auto& state = *snapshot_.state_;
    const std::string prefix = schema::bucket_prefix(state.bucket);
    for (const auto& entry : state.clock->version) {
        const ReplicaId& origin = entry.first;
        Result<void> outcome;
        const auto take = [&](std::uint64_t counter, const KeyedRow& keyed) {
            if (!first_in_range(keyed.row, {origin, counter}, base, state.clock->version))
                return true;
            outcome = [&]() -> Result<void> {
                const std::string place = store_key(keyed.at).bytes;
                KIGUMI_TRY(const auto record, state.txn->get(Table::kRows, prefix + place));
                return visit(place, record.value_or(std::string_view()));
            }();
            return outcome.has_value();
        };
        KIGUMI_CHECK(snapshot_.scan_log(origin, base[origin], entry.second, take));
        KIGUMI_CHECK(outcome);
    }
    return {};
}

Result<void> StoredRows::each_log_entry(const VisitEntry& visit) const {
    const std::string prefix = schema::bucket_prefix(snapshot_.state_->bucket);
    KIGUMI_TRY(const auto cursor, snapshot_.state_->txn->cursor(Table::kLog));
    KIGUMI_TRY(auto item, cursor->seek(prefix));
    while (item && item->key.starts_with(prefix)) {
        const std::string_view key = item->key.substr(prefix.size());
        KIGUMI_CHECK(visit(read_u32(key), read_u64(key.substr(4)), item->value));
        KIGUMI_TRY(item, cursor->next());
    }
    return {};
}

}  // namespace kigumi
