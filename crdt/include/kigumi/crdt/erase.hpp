#pragma once

#include <vector>

#include "kigumi/crdt/policy.hpp"
#include "kigumi/crdt/write_rules.hpp"

namespace kigumi {

/// Removes every row under `prefix` that shows something: a whole object, or a map's field.
/// Counters are reset, other rows get a ⊥. Returns whether there was anything. O(rows).
template <RowSpace S>
Result<bool> erase_under(S& space, const RowKey& prefix) {
    std::vector<RowKey> rows;
    KIGUMI_CHECK(scan_under(space, prefix, [&rows](const RowKey& at, const Row& row) {
        const bool holds = leaf_type(at) == Type::kCounter ? counted(row) : !row.removed();
        if (holds) rows.push_back(at);
        return true;
    }));
    for (const RowKey& at : rows) {
        if (leaf_type(at) == Type::kCounter) {
            KIGUMI_CHECK(reset(space, at));
        } else {
            KIGUMI_CHECK(remove(space, at));
        }
    }
    return !rows.empty();
}

}  // namespace kigumi
