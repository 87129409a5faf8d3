#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/result.hpp"
#include "kigumi/crdt/type.hpp"

namespace kigumi {

inline constexpr std::size_t kMaxKeyBytes = 4096;                    ///< of an object's key
inline constexpr std::size_t kMaxPathBytes = std::size_t{64} << 10;  ///< of a path inside it
inline constexpr std::size_t kMaxRequestBytes = 128;                 ///< of a request's id
/// Where the rows of requests stand, all of a bucket's under one key.
inline constexpr std::string_view kRequestsKey = "kigumi.requests";

/// Where a row stands in its bucket: the object's key (1 to 4,096 bytes) and type, and the path
/// inside the object.
///
/// | type | path |
/// |---|---|
/// | register, flag, counter | empty |
/// | set | the member |
/// | map | the field (text), its leaf's type, and the member if the leaf is a set |
/// | request | its id (text of 1 to 128 bytes); the key is `kRequestsKey` |
struct RowKey {
    std::string key;
    Type type = Type::kRegister;
    std::string path;

    auto operator<=>(const RowKey&) const = default;

    /// Whether this row lies under `prefix`: the same object, and its path begins with the elements
    /// of that one. The text "a" is no prefix of "a\0b", though its bytes are: after them stands an
    /// escape, which begins no element.
    bool under(const RowKey& prefix) const {
        const std::size_t length = prefix.path.size();
        return type == prefix.type && key == prefix.key && path.starts_with(prefix.path) &&
               (path.size() == length || path[length] != '\xFF');
    }
};

/// Whether a row may stand at `at`: sizes within the limits, the path shaped as its type demands.
/// Everything that arrives from a peer, a file or a caller passes through here.
KIGUMI_API Result<void> check_row_key(const RowKey& at);

/// The type of the single value at a row: the object's, or that of the map's leaf.
/// `at` must have passed check_row_key.
KIGUMI_API Type leaf_type(const RowKey& at);

/// For people and dumps: the path as JSON values, for example `["tags","set","new"]`.
KIGUMI_API std::string path_json(const RowKey& at);

}  // namespace kigumi
