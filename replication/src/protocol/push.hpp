#pragma once

#include <map>
#include <optional>

#include "../restricted_join.hpp"
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

/// A head that came with events of its origin, and is sound.
struct ShownHead {
    ReplicaId origin;
    Head head;
    bool confirmed = false;  ///< as `WriteTransaction::keep_head`
};

/// A push as received and checked.
struct HeldPush {
    LinkId link = 0;
    VersionVector base;
    VersionVector version;
    VersionVector floor;
    std::vector<KeyedRow> rows;
    std::size_t bytes = 0;
    bool as_signed = false;                   ///< the proofs of all writes were checked
    std::optional<AcceptedOrigins> accepted;  ///< events of these only; nothing: of all
    std::vector<ShownHead> heads = {};

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
    struct Applied {
        std::size_t joined = 0;  ///< pushes
        bool more = false;       ///< others were left for the next time
        /// Links whose pushes contradict what is here, and why. All that came over them is
        /// forgotten.
        std::vector<std::pair<LinkId, std::string>> refused;
    };
    /// Joins all that have their causes, each as a whole, in one transaction; forgets what is known
    /// already. Leaves the rest for the next time once it has joined `max_rows` rows. On an error
    /// nothing was joined and all are kept.
    Result<Applied> apply(Store& store, const std::string& bucket,
                          std::size_t max_rows = ~std::size_t{0});
    /// Forgets what came over a link: who takes its place says what is still lacking.
    void forget(LinkId link);
    void clear();

  private:
    /// Where a push goes on in the events of its first origin, and whom it came from.
    using Place = std::pair<std::uint64_t, LinkId>;

    /// One try to join them. `current`: the link of the push that was being joined.
    Result<Applied> join_ready(Store& store, const std::string& bucket, std::size_t max_rows,
                               LinkId& current);
    void count(LinkId link, std::size_t added, std::size_t gone);

    std::map<ReplicaId, std::map<Place, HeldPush>> by_origin_;
    std::size_t bytes_ = 0;
    std::map<LinkId, std::size_t> by_link_;
};

}  // namespace kigumi
