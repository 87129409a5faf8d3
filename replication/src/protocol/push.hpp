#pragma once

#include <map>
#include <optional>

#include "kigumi/replication/replicator.hpp"
#include "messages.hpp"

/// Rules 3 and 4 of the protocol: pushes, and the buffer where they wait for their causes.
namespace kigumi {

/// The rows that `self` changed with its events above `from`, from one snapshot; nothing if they do
/// not fit into `max_bytes`. The snapshot must hold such events.
///
/// `dep` is the snapshot's whole vector without the own entry. Sending only the entries that
/// changed since the last push would be enough to wait for the causes, but not for the join: a
/// receiver must know all that the rows replace.
Result<std::optional<wire::Push>> make_push(ReadTransaction& snapshot, const std::string& bucket,
                                            const ReplicaId& self, std::uint64_t from,
                                            std::size_t max_bytes);

/// A push as received and checked.
struct HeldPush {
    LinkId link = 0;
    ReplicaId origin;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    VersionVector dep;
    std::vector<KeyedRow> rows;
    std::size_t bytes = 0;
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
    std::map<ReplicaId, std::map<std::uint64_t, HeldPush>> by_origin_;
    std::size_t bytes_ = 0;
};

}  // namespace kigumi
