#pragma once

#include <functional>
#include <map>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/objects.hpp"

namespace kigumi {

/// One replica of one bucket in memory: a row space, its version vector and the join of two.
///
/// For laws, models and uses that need no disk. Two exact cuts join into the exact cut of the
/// merged vector. Not synchronised. `join` is O(rows of both).
class KIGUMI_API MemoryRows : public Objects<MemoryRows> {
  public:
    using Clock = std::function<std::uint64_t()>;  ///< milliseconds since 1970

    MemoryRows(ReplicaId self, Clock wall_ms) : self_(self), wall_ms_(std::move(wall_ms)) {}

    Result<Row> get(const RowKey& at) const;
    Result<void> scan(const RowKey& from, const RowVisitor& visit) const;
    ReplicaId self() const { return self_; }
    Dot next_dot() { return version_.increment(self_); }
    Hlc now() { return clock_.tick(wall_ms_()); }
    Result<void> put(const RowKey& at, const Row& before, Row after);

    const VersionVector& version() const { return version_; }
    const std::map<RowKey, Row>& rows() const { return rows_; }

    /// The rows that hold a write newer than `since`: what a pull would send.
    std::map<RowKey, Row> delta(const VersionVector& since) const;
    /// Joins rows of a replica at `theirs_at`: all of them, or its delta since our version.
    void join(const std::map<RowKey, Row>& theirs, const VersionVector& theirs_at);
    /// Joins the other replica's whole state.
    void join(const MemoryRows& other);

  private:
    ReplicaId self_;
    Clock wall_ms_;
    HlcClock clock_;
    VersionVector version_;
    std::map<RowKey, Row> rows_;
};

}  // namespace kigumi
