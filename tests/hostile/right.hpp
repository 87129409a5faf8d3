#pragma once

#include <array>
#include <string>
#include <string_view>

namespace kigumi::hostile {

/// What the honest nodes let the hostile peer do. Each includes those before it.
enum class Right { kNone, kRead, kWrite, kRelay };

inline constexpr std::array kAllRights = {Right::kNone, Right::kRead, Right::kWrite, Right::kRelay};

inline std::string_view name_of(Right right) {
    constexpr std::array<std::string_view, 4> kNames = {"none", "read", "write", "relay"};
    return kNames[static_cast<std::size_t>(right)];
}

/// Buckets: of the honest writers, the second one signed; and the one where a peer with `relay` has
/// that right. In the others it may only write then.
inline constexpr const char* kPlain = "default";
inline constexpr const char* kSigned = "sealed";
inline constexpr const char* kOwn = "own";

/// As it stands in the allow list. Who may write the list of members decides whom collection waits
/// for, so that right is not given.
inline std::string_view allowed_of(Right right) {
    constexpr std::array<std::string_view, 4> kAllowed = {
        "none", "read", "kigumi.members:read,read+write", "own:all,kigumi.members:read,read+write"};
    return kAllowed[static_cast<std::size_t>(right)];
}

}  // namespace kigumi::hostile
