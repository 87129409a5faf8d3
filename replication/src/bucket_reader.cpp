#include "bucket_reader.hpp"

#include "kigumi/crdt/policy.hpp"

namespace kigumi::bucket {

using kv::Table;

namespace {

/// The place where a scan from that row begins.
std::string begin_of(const RowKey& from) {
    // A lowest key has no bytes of its own: an empty key starts with its terminator.
    return from == RowKey{} ? std::string() : store_key(from).bytes;
}

}  // namespace

Result<std::optional<KeyedRow>> Reader::at_key(std::string_view key) const {
    KIGUMI_TRY(const auto record, txn.get(Table::kRows, key));
    if (!record) return std::optional<KeyedRow>();
    KIGUMI_TRY(KeyedRow keyed, decode_record(key.substr(4), *record, origins));
    return std::optional<KeyedRow>(std::move(keyed));
}

Result<std::optional<std::string_view>> Reader::staged_at(std::string_view key) const {
    return txn.get(Table::kStaging, key);
}

Result<std::optional<KeyedRow>> Reader::at_place(std::string_view place) const {
    const std::string key = schema::bucket_prefix(id) + std::string(place);
    KIGUMI_TRY(auto ours, at_key(key));
    if (overlay == nullptr || !overlay->pending(place)) return ours;
    KIGUMI_TRY(const auto staged, staged_at(key));
    KIGUMI_TRY(KeyedRow shown, overlay->shown(place, std::move(ours), staged, origins));
    if (shown.row.empty()) return std::optional<KeyedRow>();
    return std::optional<KeyedRow>(std::move(shown));
}

Result<Row> Reader::get(const RowKey& at) const {
    KIGUMI_TRY(auto keyed, at_place(store_key(at).bytes));
    return keyed ? std::move(keyed->row) : Row();
}

Result<void> Reader::scan(const RowKey& from, const RowVisitor& visit) const {
    KIGUMI_TRY(Walk walk, Walk::through(*this));
    KIGUMI_TRY(auto placed, walk.seek(begin_of(from)));
    while (placed && visit(placed->row.at, placed->row.row)) {
        KIGUMI_TRY(placed, walk.next());
    }
    return {};
}

Result<void> Reader::each_object(const std::function<bool(const std::string&, Type)>& visit,
                                 const RowKey& from) const {
    KIGUMI_TRY(Walk walk, Walk::through(*this));
    KIGUMI_TRY(auto placed, walk.seek(begin_of(from)));
    while (placed) {
        const KeyedRow& keyed = placed->row;
        const bool object = keyed.at.type != Type::kRequest;
        if (object && !present(keyed.at, keyed.row)) {
            KIGUMI_TRY(placed, walk.next());
            continue;
        }
        if (object && !visit(keyed.at.key, keyed.at.type)) break;
        const std::string rows(placed->place.substr(0, object_prefix(placed->place)));
        KIGUMI_TRY(placed, walk.seek(schema::after_prefix(rows)));
    }
    return {};
}

Result<Walk> Walk::through(const Reader& reader) {
    Walk walk(reader);
    KIGUMI_TRY(walk.rows_.cursor, reader.txn.cursor(Table::kRows));
    if (reader.overlay != nullptr) {
        KIGUMI_TRY(walk.staged_.cursor, reader.txn.cursor(Table::kStaging));
    }
    return walk;
}

void Walk::Lane::keep_within(std::string_view prefix) {
    if (item && !item->key.starts_with(prefix)) item.reset();
}

Result<void> Walk::Lane::seek(std::string_view prefix, std::string_view place) {
    if (cursor == nullptr) return {};
    KIGUMI_TRY(item, cursor->seek(std::string(prefix) + std::string(place)));
    keep_within(prefix);
    return {};
}

Result<void> Walk::Lane::next(std::string_view prefix) {
    KIGUMI_TRY(item, cursor->next());
    keep_within(prefix);
    return {};
}

Result<std::optional<Walk::Placed>> Walk::seek(std::string_view place) {
    KIGUMI_CHECK(rows_.seek(prefix_, place));
    KIGUMI_CHECK(staged_.seek(prefix_, place));
    return settle();
}

Result<std::optional<Walk::Placed>> Walk::next() {
    KIGUMI_CHECK(step());
    return settle();
}

std::optional<std::string_view> Walk::place() const {
    std::optional<std::string_view> key;
    if (rows_.item) key = rows_.item->key;
    if (staged_.item && (!key || staged_.item->key < *key)) key = staged_.item->key;
    if (key) key->remove_prefix(prefix_.size());
    return key;
}

Result<void> Walk::step() {
    if (staged_.cursor == nullptr) return rows_.next(prefix_);
    const auto here = place();
    if (!here) return {};
    const std::string key = prefix_ + std::string(*here);
    if (rows_.item && rows_.item->key == key) KIGUMI_CHECK(rows_.next(prefix_));
    if (staged_.item && staged_.item->key == key) KIGUMI_CHECK(staged_.next(prefix_));
    return {};
}

Result<std::optional<Walk::Placed>> Walk::settle() {
    while (const auto here = place()) {
        const bool ours = rows_.item && rows_.item->key.substr(prefix_.size()) == *here;
        const bool theirs = staged_.item && staged_.item->key.substr(prefix_.size()) == *here;
        Placed placed{*here, {}};
        std::optional<KeyedRow> row;
        if (ours) {
            KIGUMI_TRY(row, decode_record(*here, rows_.item->value, reader_.origins));
        }
        if (reader_.overlay == nullptr) {
            placed.row = std::move(*row);
        } else {
            std::optional<std::string_view> staged;
            if (theirs) staged = staged_.item->value;
            KIGUMI_TRY(placed.row,
                       reader_.overlay->shown(*here, std::move(row), staged, reader_.origins));
        }
        if (!placed.row.row.empty()) return std::optional<Placed>(std::move(placed));
        KIGUMI_CHECK(step());
    }
    return std::optional<Placed>();
}

}  // namespace kigumi::bucket
