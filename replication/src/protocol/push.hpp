#pragma once

#include <map>
#include <optional>

#include "kigumi/replication/replicator.hpp"
#include "messages.hpp"

/// Rules 3 and 4 of the protocol: pushes, and the buffer where they wait for their causes.
namespace kigumi {

/// The rows that changed between `base` and the snapshot's V; nothing if they do not fit into
/// `max_bytes`, or if some of them were collected since: then the receiver has to pull. The
/// snapshot must cover `base`.
///
/// `base` names, for the origins whose events are to be pushed, how far the receiver has been told,
/// and for all others what the snapshot holds: those are causes, which the receiver must have.
/// It is whole: the join has to know everything that the rows replace.
Result<std::optional<wire::Push>> make_push(ReadTransaction& snapshot, const std::string& bucket,
                                            const VersionVector& base, std::size_t max_bytes);

/// A push as received and checked.
struct HeldPush {
    LinkId link = 0;
    VersionVector base;
    VersionVector version;
    VersionVector floor;
    std::vector<KeyedRow> rows;
    std::size_t bytes = 0;
    bool as_signed = false;  ///< the proofs of all writes were checked

    /// Whether a replica at `ours` has every event that the push carries.
    bool known_at(const VersionVector& ours) const;
};
Result<HeldPush> check_push(LinkId link, const wire::Push& push);

/// Pushes to one bucket that are not applied yet. Bounded by its owner, in bytes.
class HeldPushes {
  public:
    void add(HeldPush push);
    /// Whether a push could be applied at this version (or is known already).
    bool ready(const VersionVector& version) const;
    bool empty() const { return by_origin_.empty(); }
    std::size_t bytes() const { return bytes_; }
    /// What came over one link.
    std::size_t bytes(LinkId link) const;
    const std::map<LinkId, std::size_t>& by_link() const { return by_link_; }
    /// Calls `visit(push)` for one waiting push of each origin.
    template <class Visit>
    void each_first(Visit visit) const {
        for (const auto& [origin, pushes] : by_origin_) visit(pushes.begin()->second);
    }
    /// Joins all that have their causes, each as a whole, in one transaction; forgets what is known
    /// already. Returns how many were joined. On an error nothing was joined and all are kept.
    Result<std::size_t> apply(Store& store, const std::string& bucket);
    /// Forgets what came over a link: who takes its place says what is still lacking.
    void forget(LinkId link);
    void clear();

  private:
    /// Where a push goes on in the events of its first origin, and whom it came from.
    using Place = std::pair<std::uint64_t, LinkId>;

    void count(LinkId link, std::size_t added, std::size_t gone);

    std::map<ReplicaId, std::map<Place, HeldPush>> by_origin_;
    std::size_t bytes_ = 0;
    std::map<LinkId, std::size_t> by_link_;
};

}  // namespace kigumi
