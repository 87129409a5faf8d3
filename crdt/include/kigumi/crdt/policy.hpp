#pragma once

#include <cstdint>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/row.hpp"
#include "kigumi/crdt/row_key.hpp"

/// Readings of a row. Writes record what happened; these decide what it means. Each is a pure
/// function of the surviving writes, so replicas with equal rows read equally. All are O(row).
namespace kigumi {

/// A surviving write of an assign row, for an application that resolves conflicts itself.
struct Sibling {
    Dot dot;
    Hlc time;
    bool removed = false;  ///< the write is a removal; `value` is nil
    Value value;
};

/// Last writer wins: the write with the highest (time, origin, counter); null if there is none.
/// Only truly concurrent writes ever meet here: a later write has replaced what it saw.
KIGUMI_API const Write* last_write(const Row& row);
/// Every surviving write, the last one first.
KIGUMI_API std::vector<Sibling> siblings(const Row& row);
/// Add-wins: present if any surviving write says so.
KIGUMI_API bool any_present(const Row& row);
/// Remove-wins: present only if some write says so and none denies it.
KIGUMI_API bool all_present(const Row& row);
/// Whether concurrent writes disagree here: siblings of an assign row with different payloads.
/// Never so for a request: that it was executed twice is another matter (`Request::executions`).
KIGUMI_API bool in_conflict(const RowKey& at, const Row& row);

/// A counter's value: the contributions, less per origin the largest that a surviving reset took
/// back. Held at the ends of int64.
KIGUMI_API std::int64_t count(const Row& row);
/// Whether any contribution is newer than every reset: whether the counter exists.
KIGUMI_API bool counted(const Row& row);

/// How many executions of a request survive in its row, each of them concurrent with the others.
KIGUMI_API std::size_t executions(const Row& row);

/// Whether the row shows something to a reader of its object, as a row of the type at `at`.
KIGUMI_API bool present(const RowKey& at, const Row& row);

}  // namespace kigumi
