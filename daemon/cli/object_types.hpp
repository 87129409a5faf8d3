#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "kigumi/crdt/json.hpp"
#include "kigumi/crdt/types_at.hpp"

/// A key may hold an object of each type, and a map's field a leaf of each: replicas that create
/// them apart must both keep theirs. A person who reads or writes the wrong one has made a mistake,
/// so this tool refuses it.
namespace kigumi::cli {

/// Fails if there are types and `wanted` is none of them. `kind` and `name` say what holds them;
/// `remove` is the command that would make room.
inline Result<void> check_held(const std::vector<Type>& held, Type wanted, const std::string& kind,
                               const std::string& name, const std::string& remove) {
    if (held.empty() || std::find(held.begin(), held.end(), wanted) != held.end()) return {};
    std::string types;
    for (const Type type : held) {
        types += types.empty() ? "a " : " and a ";
        types += name_of(type);
    }
    return fail(ErrorCode::kInvalidArgument, kind + " " + name + " holds " + types + ", not a " +
                                                 std::string(name_of(wanted)) + "; use another " +
                                                 kind + " or `kigumi " + remove + "` first");
}

/// Fails if the key holds objects, and none of the type `wanted`.
template <RowSource S>
Result<void> check_type(S& space, const std::string& key, Type wanted) {
    KIGUMI_TRY(const auto held, types_of(space, key));
    return check_held(held, wanted, "key", json_string(key), "del " + key);
}

/// Fails if the field holds leaves, and none of the type `wanted`.
template <RowSource S>
Result<void> check_field_type(S& space, const std::string& key, const std::string& field,
                              Type wanted) {
    KIGUMI_TRY(const auto held, field_types(space, key, field));
    return check_held(held, wanted, "field", json_string(field) + " of map " + json_string(key),
                      "hdel " + key + " " + field);
}

}  // namespace kigumi::cli
