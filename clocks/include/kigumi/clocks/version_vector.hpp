#pragma once

#include <boost/container/flat_map.hpp>
#include <boost/container/small_vector.hpp>
#include <compare>
#include <cstdint>

#include "kigumi/clocks/dot.hpp"
#include "kigumi/clocks/export.hpp"

namespace kigumi {

/// A version vector (vector clock): origin → n means "every event of that origin up to n".
///
/// Its partial order is the causal order of states: Parker et al., "Detection of Mutual
/// Inconsistency in Distributed Systems" (1983); Fidge (1988), Mattern (1989). Absent entries are
/// 0, and an entry of 0 is never stored, so equal vectors have equal entries. Entries are kept
/// sorted in one block; a few masters need no allocation. Not synchronised: one thread at a time.
class KIGUMI_API VersionVector {
    using Entry = std::pair<ReplicaId, std::uint64_t>;
    using Entries = boost::container::flat_map<ReplicaId, std::uint64_t, std::less<ReplicaId>,
                                               boost::container::small_vector<Entry, 3>>;

  public:
    using const_iterator = Entries::const_iterator;

    VersionVector() = default;
    VersionVector(std::initializer_list<Entry> entries) {
        for (const auto& [origin, counter] : entries) raise(origin, counter);
    }

    /// The entry of `origin`, 0 if absent. O(log n).
    std::uint64_t operator[](const ReplicaId& origin) const;
    /// Raises the entry of `origin` to at least `counter`.
    void raise(const ReplicaId& origin, std::uint64_t counter);
    /// Adds one event of `origin` and returns its dot.
    Dot increment(const ReplicaId& origin);
    /// Pointwise maximum: the least vector that covers both. O(n + m).
    void merge(const VersionVector& other);
    /// Pointwise minimum: the greatest vector that both cover. O(n log m).
    void meet(const VersionVector& other);

    /// Whether the event is among those that this vector has seen.
    bool covers(const Dot& dot) const { return (*this)[dot.origin] >= dot.counter; }
    /// Whether every event that `other` has seen is seen here too (this ≥ other).
    bool covers(const VersionVector& other) const;
    /// Neither has seen all of the other.
    bool concurrent(const VersionVector& other) const {
        return compare(other) == std::partial_ordering::unordered;
    }
    /// less: before `other`; greater: after it; unordered: concurrent with it.
    std::partial_ordering compare(const VersionVector& other) const;
    bool operator==(const VersionVector& other) const = default;

    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }
    const_iterator begin() const { return entries_.begin(); }
    const_iterator end() const { return entries_.end(); }

  private:
    Entries entries_;
};

/// How many events `ahead` has seen that `behind` has not: the replication lag in events.
KIGUMI_API std::uint64_t events_missing(const VersionVector& behind, const VersionVector& ahead);

}  // namespace kigumi
