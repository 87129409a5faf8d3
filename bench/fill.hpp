#pragma once

#include "kigumi/replication/store.hpp"

namespace kigumi::bench {

/// Adds `members` members to a set, in durable transactions of 1,000.
inline void fill(Store& store, const std::string& set, std::uint64_t members) {
    for (std::uint64_t at = 0; at < members;) {
        auto tx = store.write().value();
        for (std::uint64_t i = 0; i < 1'000 && at < members; ++i, ++at)
            tx.set(set).add("member-" + std::to_string(at)).value();
        tx.commit().value();
    }
}

}  // namespace kigumi::bench
