#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kigumi/crdt/path.hpp"
#include "kigumi/crdt/policy.hpp"
#include "kigumi/crdt/row_space.hpp"

/// What exists at a key or field whose type is not known: a key may hold an object of each type,
/// and a map's field a leaf of each.
namespace kigumi {

/// The types of the objects that exist under a key, in order. One seek for each, and one more.
template <RowSource S>
Result<std::vector<Type>> types_of(S& space, const std::string& key) {
    std::vector<Type> types;
    auto from = object_type_of(1);
    while (from) {
        std::optional<Type> found;
        KIGUMI_CHECK(space.scan({key, *from, {}}, [&](const RowKey& at, const Row& row) {
            if (at.key != key) return false;
            if (present(at, row)) found = at.type;
            return !found;
        }));
        if (!found) break;
        types.push_back(*found);
        from = object_type_of(static_cast<std::uint64_t>(*found) + 1);
    }
    return types;
}

/// The types of the leaves that exist in a map's field, in order. O(rows of the field).
template <RowSource S>
Result<std::vector<Type>> field_types(S& space, const std::string& key, std::string_view field) {
    RowKey prefix{key, Type::kMap, {}};
    path::append(prefix.path, Value(field));
    std::vector<Type> types;
    KIGUMI_CHECK(scan_under(space, prefix, [&types](const RowKey& at, const Row& row) {
        const Type leaf = leaf_type(at);
        if (present(at, row) && (types.empty() || types.back() != leaf)) types.push_back(leaf);
        return true;
    }));
    return types;
}

}  // namespace kigumi
