#include "cursor.hpp"

using namespace kigumi;

namespace kigumi::c {
namespace {

kigumi_type type_for_c(const std::optional<Type>& type) {
    return type ? static_cast<kigumi_type>(*type) : KIGUMI_NO_TYPE;
}

std::size_t bytes_in(const Value& value) {
    std::size_t bytes = sizeof(Value);
    if (const auto* text = value.get_if<std::string>()) bytes += text->size();
    if (const auto* raw = value.get_if<Bytes>()) bytes += raw->data.size();
    if (const auto* array = value.get_if<Array>())
        for (const Value& item : *array) bytes += bytes_in(item);
    if (const auto* object = value.get_if<Object>())
        for (const auto& [name, item] : *object) bytes += name.size() + bytes_in(item);
    return bytes;
}

void show(Item& item, kigumi_cursor& cursor) {
    cursor.arena.clear();
    kigumi_entry& entry = cursor.entry;
    entry = {};
    entry.key = slice_of(item.key);
    entry.type = type_for_c(item.type);
    entry.leaf = type_for_c(item.leaf);
    if (item.field) entry.field = slice_of(*item.field);
    if (item.value) entry.value = view(*item.value, cursor.arena);
    if (item.siblings.empty()) return;
    cursor.siblings.assign(std::move(item.siblings), cursor.arena);
    entry.siblings = cursor.siblings.data();
    entry.sibling_count = cursor.siblings.size();
}

}  // namespace

std::size_t Item::bytes() const {
    std::size_t bytes = sizeof(Item) + key.size() + (field ? field->size() : 0);
    if (value) bytes += bytes_in(*value);
    for (const Sibling& sibling : siblings) bytes += sizeof(Sibling) + bytes_in(sibling.value);
    return bytes;
}

Result<void> open_cursor(std::shared_ptr<Transaction> transaction, std::unique_ptr<Source> source,
                         kigumi_cursor** cursor) {
    KIGUMI_CHECK(require(cursor, "cursor"));
    auto handle = std::make_unique<kigumi_cursor>();
    handle->transaction = std::move(transaction);
    handle->source = std::move(source);
    *cursor = handle.release();
    return {};
}

}  // namespace kigumi::c

kigumi_status kigumi_cursor_next(kigumi_cursor* cursor, const kigumi_entry** entry) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(cursor));
        KIGUMI_CHECK(c::require(entry, "entry"));
        const auto* transaction = cursor->transaction.get();
        if (transaction != nullptr && !transaction->reading && !transaction->writing)
            return c::ended();
        if (cursor->next == cursor->items.size()) {
            cursor->items.clear();
            cursor->next = 0;
            KIGUMI_CHECK(cursor->source->read(cursor->items));
        }
        if (cursor->items.empty()) {
            *entry = nullptr;
            return {};
        }
        c::show(cursor->items[cursor->next], *cursor);
        ++cursor->next;
        *entry = &cursor->entry;
        return {};
    });
}

void kigumi_cursor_close(kigumi_cursor* cursor) { c::destroy(cursor); }
