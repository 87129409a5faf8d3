#pragma once

#include <map>
#include <optional>
#include <vector>

#include "kigumi/replication/replicator.hpp"

namespace kigumi {

/// What every replica is known to hold durably of one bucket, and what of it counts for collection
/// (rule 7 of the protocol): the newest word of each that this replica's own V covers. Then
/// everything that was written before a removal was seen has arrived here.
///
/// Words that come faster than what they speak of arrives must not put it off for ever, so the
/// first that is not covered waits until it is, whatever comes after it.
///
/// Anybody can name origins that do not exist. Entries of origins that this replica has no event of
/// are not kept, so that a word takes no more than V does. A word that was trimmed in this way says
/// less than its replica did: it never counts for collection here, and must not be passed on. Its
/// replica repeats it, and counts once the origins are known.
class Acknowledgements {
  public:
    struct Heard {
        VersionVector newest;
        bool trimmed = false;  ///< `newest` lacks entries of origins that were unknown here
        std::optional<VersionVector> waiting;
        std::optional<VersionVector> settled;
        std::uint64_t settled_ms = 0;  ///< when `settled` last changed, ms since 1970
        std::uint64_t change = 0;      ///< the number of the last change of `newest`
        std::uint64_t revision = 0;    ///< … of `newest`, `settled` or `settled_ms`
        std::uint64_t own_word = 0;    ///< the number of the last word of its own; 0: none
        std::optional<LinkId> from;    ///< who told, if it was not the replica itself
    };

    using Told = std::map<ReplicaId, Heard>::value_type;

    explicit Acknowledgements(const std::vector<PeerRecord>& known);

    /// A replica says itself what it holds. Less than before means that it was restored: what it
    /// said before is void.
    void hear(const ReplicaId& replica, const VersionVector& theirs, const VersionVector& ours,
              std::uint64_t wall_ms);
    /// Another one says so. Believed if it is more than is known.
    void hear_of(const ReplicaId& replica, const VersionVector& theirs, const VersionVector& ours,
                 LinkId from, std::uint64_t wall_ms);
    /// This replica holds more now.
    void settle(const VersionVector& ours, std::uint64_t wall_ms);
    /// Trims what was remembered of an earlier run or before V went back. O(replicas) if there is
    /// nothing to trim.
    void trim(const VersionVector& ours);
    void forget(const ReplicaId& replica) { heard_.erase(replica); }

    const std::map<ReplicaId, Heard>& all() const { return heard_; }
    /// What counts for collection; null if nothing does.
    const VersionVector* settled(const ReplicaId& replica) const;
    std::uint64_t changes() const { return changes_; }

  private:
    void take(Heard& heard, const VersionVector& theirs, const VersionVector& ours,
              std::uint64_t wall_ms);
    /// … of which all is known here, or was `trimmed`.
    void take_known(Heard& heard, const VersionVector& theirs, bool trimmed,
                    const VersionVector& ours, std::uint64_t wall_ms);

    std::map<ReplicaId, Heard> heard_;
    std::uint64_t changes_ = 0;
    std::uint64_t revisions_ = 0;
    std::uint64_t own_words_ = 0;
};

}  // namespace kigumi
