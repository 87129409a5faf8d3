#pragma once

#include "handles.hpp"
#include "kigumi/crdt/path.hpp"

/// From places as C names them to the typed views of a space.
namespace kigumi::c {

inline Result<std::string_view> key_of(const kigumi_place& at) {
    return bytes_of(at.key, "the key");
}

inline bool has_field(const kigumi_place& at) { return at.field.data != nullptr; }

/// Fails if the place names a field: what is asked for is about a whole object.
inline Result<std::string_view> whole_object(const kigumi_place& at, const char* what) {
    if (has_field(at))
        return fail(ErrorCode::kInvalidArgument,
                    std::string(what) + " is no field of a map; leave the field out");
    return key_of(at);
}

template <class S>
Result<Register<S>> register_at(S& space, const kigumi_place& at) {
    KIGUMI_TRY(const std::string_view key, key_of(at));
    if (has_field(at)) return space.map(std::string(key)).reg({at.field.data, at.field.size});
    return space.reg(std::string(key));
}

template <class S>
Result<Counter<S>> counter_at(S& space, const kigumi_place& at) {
    KIGUMI_TRY(const std::string_view key, key_of(at));
    if (has_field(at)) return space.map(std::string(key)).counter({at.field.data, at.field.size});
    return space.counter(std::string(key));
}

template <class S>
Result<Set<S>> set_at(S& space, const kigumi_place& at) {
    KIGUMI_TRY(const std::string_view key, key_of(at));
    if (has_field(at)) return space.map(std::string(key)).set({at.field.data, at.field.size});
    return space.set(std::string(key));
}

/// Where the rows of a set's members begin.
inline Result<RowKey> set_rows(const kigumi_place& at) {
    RowKey prefix;
    KIGUMI_TRY(prefix.key, key_of(at));
    prefix.type = has_field(at) ? Type::kMap : Type::kSet;
    if (!has_field(at)) return prefix;
    path::append(prefix.path, Value(std::string_view(at.field.data, at.field.size)));
    path::append(prefix.path, Type::kSet);
    return prefix;
}

template <class S>
Result<Flag<S>> flag_at(S& space, const kigumi_place& at) {
    KIGUMI_TRY(const std::string_view key, whole_object(at, "a flag"));
    return space.flag(std::string(key));
}

}  // namespace kigumi::c
