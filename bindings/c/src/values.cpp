#include "values.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "kigumi/crdt/json.hpp"

namespace kigumi::c {
namespace {

tl::unexpected<Error> invalid(std::string message) {
    return fail(ErrorCode::kInvalidArgument, std::move(message));
}

/// Reads what a caller has built. Whatever it refers to, twice or in a circle, what is read is
/// bounded.
class Reader {
  public:
    Result<Value> read(const kigumi_value& value, std::size_t depth) {
        KIGUMI_CHECK(take(1));
        switch (value.kind) {
            case KIGUMI_NIL:
                return Value();
            case KIGUMI_BOOL:
                return Value(value.as.boolean);
            case KIGUMI_INT:
                return Value(value.as.integer);
            case KIGUMI_DOUBLE:
                return Value(value.as.number);
            case KIGUMI_TEXT: {
                KIGUMI_TRY(const std::string_view text, bytes(value.as.text, "a text"));
                return Value(text);
            }
            case KIGUMI_BYTES: {
                KIGUMI_TRY(const std::string_view raw, bytes(value.as.bytes, "a byte string"));
                return Value(Bytes{std::string(raw)});
            }
            case KIGUMI_ARRAY:
                return read_array(value, depth);
            case KIGUMI_OBJECT:
                return read_object(value, depth);
            case KIGUMI_ABSENT:
                break;
        }
        return invalid("a value is of no kind that can be written; use a kigumi_value_… function");
    }

  private:
    Result<void> take(std::size_t bytes) {
        if (bytes > left_)
            return invalid("value is larger than 1 MiB; split it over several keys or fields");
        left_ -= bytes;
        return {};
    }
    Result<std::string_view> bytes(const kigumi_slice& slice, const char* name) {
        KIGUMI_CHECK(take(slice.size));
        return bytes_of(slice, name);
    }
    static Result<void> check_list(const void* data, std::size_t size, std::size_t depth) {
        if (depth >= kMaxValueDepth)
            return invalid("value nests deeper than 16 levels; flatten it or store it as text");
        if (data == nullptr && size > 0)
            return invalid("an array or object has a size but no data");
        return {};
    }
    Result<Value> read_array(const kigumi_value& value, std::size_t depth) {
        const auto& list = value.as.array;
        KIGUMI_CHECK(check_list(list.items, list.size, depth));
        Array array;
        for (std::size_t i = 0; i < list.size; ++i) {
            KIGUMI_TRY(Value item, read(list.items[i], depth + 1));
            array.push_back(std::move(item));
        }
        return Value(std::move(array));
    }
    Result<Value> read_object(const kigumi_value& value, std::size_t depth) {
        const auto& list = value.as.object;
        KIGUMI_CHECK(check_list(list.members, list.size, depth));
        std::vector<std::pair<std::string, Value>> members;
        for (std::size_t i = 0; i < list.size; ++i) {
            KIGUMI_TRY(const std::string_view name, bytes(list.members[i].name, "a member's name"));
            KIGUMI_TRY(Value item, read(list.members[i].value, depth + 1));
            members.emplace_back(std::string(name), std::move(item));
        }
        std::sort(members.begin(), members.end(),
                  [](const auto& a, const auto& b) { return a.first < b.first; });
        const auto twice =
            std::adjacent_find(members.begin(), members.end(),
                               [](const auto& a, const auto& b) { return a.first == b.first; });
        if (twice != members.end())
            return invalid("an object has the member " + json_string(twice->first) +
                           " twice; leave one out");
        return Value(Object(boost::container::ordered_unique_range,
                            std::make_move_iterator(members.begin()),
                            std::make_move_iterator(members.end())));
    }

    std::size_t left_ = kMaxValueBytes;
};

/// What a copy takes: the arrays, and the text behind them.
struct Extent {
    std::size_t arrays = 0;
    std::size_t text = 0;
};

void measure(const kigumi_value& value, Extent& extent) {
    if (value.kind == KIGUMI_TEXT) {
        extent.text += value.as.text.size + 1;
    } else if (value.kind == KIGUMI_BYTES) {
        extent.text += value.as.bytes.size + 1;
    } else if (value.kind == KIGUMI_ARRAY) {
        extent.arrays += value.as.array.size * sizeof(kigumi_value);
        for (std::size_t i = 0; i < value.as.array.size; ++i)
            measure(value.as.array.items[i], extent);
    } else if (value.kind == KIGUMI_OBJECT) {
        extent.arrays += value.as.object.size * sizeof(kigumi_member);
        for (std::size_t i = 0; i < value.as.object.size; ++i) {
            extent.text += value.as.object.members[i].name.size + 1;
            measure(value.as.object.members[i].value, extent);
        }
    }
}

/// Fills a block: arrays from its beginning, text from behind them.
class Copier {
  public:
    Copier(char* arrays, char* text) : arrays_(arrays), text_(text) {}

    kigumi_value copy(const kigumi_value& value) {
        kigumi_value copied = value;
        if (value.kind == KIGUMI_TEXT) {
            copied.as.text = copy(value.as.text);
        } else if (value.kind == KIGUMI_BYTES) {
            copied.as.bytes = copy(value.as.bytes);
        } else if (value.kind == KIGUMI_ARRAY) {
            auto* items = take<kigumi_value>(value.as.array.size);
            for (std::size_t i = 0; i < value.as.array.size; ++i)
                items[i] = copy(value.as.array.items[i]);
            copied.as.array.items = items;
        } else if (value.kind == KIGUMI_OBJECT) {
            auto* members = take<kigumi_member>(value.as.object.size);
            for (std::size_t i = 0; i < value.as.object.size; ++i)
                members[i] = {copy(value.as.object.members[i].name),
                              copy(value.as.object.members[i].value)};
            copied.as.object.members = members;
        }
        return copied;
    }

  private:
    kigumi_slice copy(const kigumi_slice& from) {
        char* const to = text_;
        if (from.size > 0) std::memcpy(to, from.data, from.size);
        to[from.size] = '\0';
        text_ += from.size + 1;
        return {to, from.size};
    }
    template <class T>
    T* take(std::size_t count) {
        T* const taken = reinterpret_cast<T*>(arrays_);
        arrays_ += count * sizeof(T);
        return taken;
    }

    char* arrays_;
    char* text_;
};

Result<char*> allocate(std::size_t bytes) {
    // Not operator new: what is given away is released by free, whoever calls kigumi_free.
    auto* const block = static_cast<char*>(std::malloc(bytes));
    if (block == nullptr) throw std::bad_alloc();
    return block;
}

}  // namespace

Result<const char*> required(const char* text, const char* name) {
    if (text == nullptr) return invalid(std::string(name) + " is null; pass a text");
    return text;
}

Result<std::vector<std::string>> texts(const char* const* list, std::size_t count,
                                       const char* name) {
    if (list == nullptr && count > 0)
        return invalid(std::string(name) + " is null but its count is not 0");
    std::vector<std::string> all;
    for (std::size_t i = 0; i < count; ++i) {
        KIGUMI_TRY(const char* const text, required(list[i], name));
        all.emplace_back(text);
    }
    return all;
}

Result<Value> value_of(const kigumi_value& value) { return Reader().read(value, 0); }

kigumi_value* Arena::values(std::size_t count) {
    return values_.emplace_back(std::make_unique<kigumi_value[]>(count)).get();
}

kigumi_member* Arena::members(std::size_t count) {
    return members_.emplace_back(std::make_unique<kigumi_member[]>(count)).get();
}

void Arena::clear() {
    values_.clear();
    members_.clear();
}

kigumi_value absent() {
    kigumi_value value{};
    value.kind = KIGUMI_ABSENT;
    return value;
}

kigumi_value view(const Value& value, Arena& arena) {
    kigumi_value seen{};
    seen.kind = KIGUMI_NIL;
    if (const auto* flag = value.get_if<bool>()) {
        seen = kigumi_value_bool(*flag);
    } else if (const auto* integer = value.get_if<std::int64_t>()) {
        seen = kigumi_value_int(*integer);
    } else if (const auto* number = value.get_if<double>()) {
        seen = kigumi_value_double(*number);
    } else if (const auto* text = value.get_if<std::string>()) {
        seen.kind = KIGUMI_TEXT;
        seen.as.text = slice_of(*text);
    } else if (const auto* bytes = value.get_if<Bytes>()) {
        seen = kigumi_value_bytes(bytes->data.data(), bytes->data.size());
    } else if (const auto* array = value.get_if<Array>()) {
        kigumi_value* const items = arena.values(array->size());
        for (std::size_t i = 0; i < array->size(); ++i) items[i] = view((*array)[i], arena);
        seen = kigumi_value_array(items, array->size());
    } else if (const auto* object = value.get_if<Object>()) {
        kigumi_member* const members = arena.members(object->size());
        std::size_t i = 0;
        for (const auto& [name, item] : *object) members[i++] = {slice_of(name), view(item, arena)};
        seen = kigumi_value_object(members, object->size());
    }
    return seen;
}

void SiblingList::assign(std::vector<Sibling> siblings, Arena& arena) {
    siblings_ = std::move(siblings);
    views_.clear();
    for (const Sibling& sibling : siblings_)
        views_.push_back({replica_of(sibling.dot.origin), sibling.dot.counter, sibling.time.ms(),
                          sibling.removed,
                          sibling.removed ? absent() : view(sibling.value, arena)});
}

kigumi_replica replica_of(const ReplicaId& id) {
    kigumi_replica replica{};
    static_assert(sizeof replica.bytes == ReplicaId::kSize);
    std::memcpy(replica.bytes, id.bytes().data(), sizeof replica.bytes);
    return replica;
}

Result<kigumi_value*> copy_of(const kigumi_value& value) {
    // Checks depth, kinds and pointers as for writing.
    if (value.kind != KIGUMI_ABSENT) KIGUMI_CHECK(value_of(value));
    Extent extent;
    measure(value, extent);
    KIGUMI_TRY(char* const block, allocate(sizeof(kigumi_value) + extent.arrays + extent.text));
    char* const arrays = block + sizeof(kigumi_value);
    auto* const copied = reinterpret_cast<kigumi_value*>(block);
    *copied = Copier(arrays, arrays + extent.arrays).copy(value);
    return copied;
}

Result<char*> copy_of(std::string_view text) {
    KIGUMI_TRY(char* const block, allocate(text.size() + 1));
    std::memcpy(block, text.data(), text.size());
    block[text.size()] = '\0';
    return block;
}

}  // namespace kigumi::c

using namespace kigumi;

kigumi_status kigumi_value_copy(kigumi_value value, kigumi_value** copy) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::require(copy, "copy"));
        KIGUMI_TRY(*copy, c::copy_of(value));
        return {};
    });
}

void kigumi_free(void* copied) { std::free(copied); }
