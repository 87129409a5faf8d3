#pragma once

#include "kigumi/replication/store.hpp"

namespace kigumi::bench {

/// Calls `change(set, member)` for so many members, 1,000 in each durable transaction.
template <class Change>
void for_members(Store& store, const std::string& set, std::uint64_t members, Change change) {
    for (std::uint64_t at = 0; at < members;) {
        auto tx = store.write().value();
        for (std::uint64_t i = 0; i < 1'000 && at < members; ++i, ++at)
            change(tx.set(set), Value("member-" + std::to_string(at)));
        tx.commit().value();
    }
}

inline void fill(Store& store, const std::string& set, std::uint64_t members) {
    for_members(store, set, members, [](auto to, const Value& member) { to.add(member).value(); });
}

/// Removes what `fill` has added.
inline void empty(Store& store, const std::string& set, std::uint64_t members) {
    for_members(store, set, members,
                [](auto from, const Value& member) { from.erase(member).value(); });
}

}  // namespace kigumi::bench
