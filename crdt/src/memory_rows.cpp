#include "kigumi/crdt/memory_rows.hpp"

#include <algorithm>

namespace kigumi {

static_assert(RowSpace<MemoryRows>);

Result<Row> MemoryRows::get(const RowKey& at) const {
    const auto it = rows_.find(at);
    return it == rows_.end() ? Row() : it->second;
}

Result<void> MemoryRows::scan(const RowKey& from, const RowVisitor& visit) const {
    for (auto it = rows_.lower_bound(from); it != rows_.end(); ++it)
        if (!visit(it->first, it->second)) break;
    return {};
}

Result<void> MemoryRows::put(const RowKey& at, const Row&, Row after) {
    if (after.empty()) {
        rows_.erase(at);
    } else {
        rows_[at] = std::move(after);
    }
    return {};
}

std::map<RowKey, Row> MemoryRows::delta(const VersionVector& since) const {
    std::map<RowKey, Row> newer;
    for (const auto& [at, row] : rows_) {
        const bool changed = std::any_of(row.begin(), row.end(), [&since](const Write& write) {
            return !since.covers(write.dot);
        });
        if (changed) newer.emplace(at, row);
    }
    return newer;
}

void MemoryRows::join(const std::map<RowKey, Row>& theirs, const VersionVector& theirs_at) {
    for (const auto& [at, row] : theirs) {
        const auto mine = rows_.find(at);
        Row joined =
            kigumi::join(mine == rows_.end() ? Row() : mine->second, version_, row, theirs_at);
        for (const Write& write : joined) clock_.observe(write.time, wall_ms_());
        if (!joined.empty()) {
            rows_[at] = std::move(joined);
        } else if (mine != rows_.end()) {
            rows_.erase(mine);
        }
    }
    version_.merge(theirs_at);
}

void MemoryRows::join(const MemoryRows& other) { join(other.rows_, other.version_); }

}  // namespace kigumi
