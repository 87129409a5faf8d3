#pragma once

#include <vector>

#include "kigumi/daemon/member.hpp"

namespace kigumi {

/// What a node believes of the others and of itself, at one moment.
struct MembershipStatus {
    /// How far it doubts itself: 0 if it is sound; it stretches its own timeouts by this plus one.
    std::uint64_t self_doubt = 0;
    /// By replica id, without itself; `changed_ms` is ms since 1970.
    std::vector<membership::Member> members;
    /// Claims about other nodes that were not believed (`Membership::ignored_claims`).
    std::uint64_t ignored_claims = 0;
    /// Messages that were thrown away unread, because one peer sent too many.
    std::uint64_t dropped_messages = 0;
};

}  // namespace kigumi
