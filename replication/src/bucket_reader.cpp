#include "bucket_reader.hpp"

#include "kigumi/crdt/policy.hpp"

namespace kigumi::bucket {

using kv::Table;

namespace {

/// Where a scan from that row begins in the table.
std::string begin_of(const std::string& bucket, const RowKey& from) {
    // A lowest key has no bytes of its own: an empty key starts with its terminator.
    return from == RowKey{} ? bucket : bucket + store_key(from).bytes;
}

}  // namespace

Result<std::optional<KeyedRow>> Reader::at_key(std::string_view key) const {
    KIGUMI_TRY(const auto record, txn.get(Table::kRows, key));
    if (!record) return std::optional<KeyedRow>();
    KIGUMI_TRY(KeyedRow keyed, decode_record(key.substr(4), *record, origins));
    return std::optional<KeyedRow>(std::move(keyed));
}

Result<Row> Reader::get(const RowKey& at) const {
    KIGUMI_TRY(auto keyed, at_key(schema::bucket_prefix(id) + store_key(at).bytes));
    return keyed ? std::move(keyed->row) : Row();
}

Result<void> Reader::scan(const RowKey& from, const RowVisitor& visit) const {
    const std::string prefix = schema::bucket_prefix(id);
    KIGUMI_TRY(const auto cursor, txn.cursor(Table::kRows));
    KIGUMI_TRY(auto item, cursor->seek(begin_of(prefix, from)));
    while (item && item->key.starts_with(prefix)) {
        KIGUMI_TRY(const KeyedRow keyed,
                   decode_record(item->key.substr(prefix.size()), item->value, origins));
        if (!visit(keyed.at, keyed.row)) break;
        KIGUMI_TRY(item, cursor->next());
    }
    return {};
}

Result<void> Reader::each_object(const std::function<bool(const std::string&, Type)>& visit,
                                 const RowKey& from) const {
    const std::string prefix = schema::bucket_prefix(id);
    KIGUMI_TRY(const auto cursor, txn.cursor(Table::kRows));
    KIGUMI_TRY(auto item, cursor->seek(begin_of(prefix, from)));
    while (item && item->key.starts_with(prefix)) {
        const std::string_view key = item->key.substr(prefix.size());
        KIGUMI_TRY(const KeyedRow keyed, decode_record(key, item->value, origins));
        const bool object = keyed.at.type != Type::kRequest;
        if (object && !present(keyed.at, keyed.row)) {
            KIGUMI_TRY(item, cursor->next());
            continue;
        }
        if (object && !visit(keyed.at.key, keyed.at.type)) break;
        const std::string rows = prefix + std::string(key.substr(0, object_prefix(key)));
        KIGUMI_TRY(item, cursor->seek(schema::after_prefix(rows)));
    }
    return {};
}

}  // namespace kigumi::bucket
