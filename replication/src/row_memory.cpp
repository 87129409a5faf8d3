#include "row_memory.hpp"

namespace kigumi {
namespace {

std::size_t beyond(const Value& value) {
    std::size_t bytes = 0;
    if (const auto* const text = value.get_if<std::string>()) bytes = text->size();
    if (const auto* const raw = value.get_if<Bytes>()) bytes = raw->data.size();
    if (const auto* const array = value.get_if<Array>())
        for (const Value& item : *array) bytes += sizeof(Value) + beyond(item);
    if (const auto* const object = value.get_if<Object>())
        for (const auto& [name, item] : *object)
            bytes += sizeof(Object::value_type) + name.size() + beyond(item);
    return bytes;
}

std::size_t beyond(const Payload& payload) {
    if (const auto* const value = std::get_if<Value>(&payload)) return beyond(*value);
    if (const auto* const reset = std::get_if<Reset>(&payload))
        return reset->seen.size() * sizeof(decltype(reset->seen)::value_type);
    return 0;
}

}  // namespace

std::size_t memory_of(const KeyedRow& row) {
    std::size_t bytes = sizeof(KeyedRow) + row.at.key.size() + row.at.path.size();
    for (const Write& write : row.row) bytes += sizeof(Write) + beyond(write.payload);
    return bytes;
}

std::size_t memory_of(const std::vector<KeyedRow>& rows) {
    std::size_t bytes = 0;
    for (const KeyedRow& row : rows) bytes += memory_of(row);
    return bytes;
}

}  // namespace kigumi
