#include "changed_rows.hpp"

#include <algorithm>

#include "../ascending.hpp"

namespace kigumi {

bool first_in_range(const Row& row, const Dot& dot, const VersionVector& from,
                    const VersionVector& to) {
    for (const Write& write : row) {
        if (write.dot == dot) return true;
        if (!from.covers(write.dot) && to.covers(write.dot)) return false;
    }
    return true;
}

Result<bool> add_changed_rows(ReadTransaction& snapshot, const VersionVector& from,
                              const VersionVector& to, LogPosition& position, BatchWriter& batch,
                              std::size_t max_bytes) {
    Ascending begin(from);
    for (const auto& entry : to) {
        const ReplicaId& origin = entry.first;
        if (begin[origin] >= entry.second || origin < position.origin) continue;
        if (origin != position.origin) position = {origin, 0};
        const std::uint64_t after = std::max(begin[origin], position.counter);
        KIGUMI_CHECK(snapshot.scan_log(
            origin, after, entry.second, [&](std::uint64_t counter, const KeyedRow& keyed) {
                if (first_in_range(keyed.row, {position.origin, counter}, from, to))
                    batch.add(keyed);
                position.counter = counter;
                return batch.bytes() < max_bytes;
            }));
        if (batch.bytes() >= max_bytes) return false;
    }
    return true;
}

}  // namespace kigumi
