#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/clocks/replica_id.hpp"

namespace kigumi {

/// The parameters of whom to hold links to.
struct NeighbourOptions {
    /// Up to so many masters, each holds a link to every other. A mesh is one hop wide and needs no
    /// relays, but every node sends each of its writes to all.
    std::size_t mesh_max = 32;
    /// Beyond that, masters are arranged in so many rings and hold links to both neighbours in
    /// each. More survive more failures before anything is detected, and cost digests.
    std::size_t rings = 3;
    /// Masters that an edge leaf holds links to: one to work with, one to fall back on, and one in
    /// case both are gone at once.
    std::size_t leaf_masters = 3;
    /// How long a link is kept after the choice has changed, so that who comes and goes costs no
    /// links of others and a cluster at the edge of `mesh_max` does not rebuild itself. Longer
    /// keeps more links than were chosen.
    std::uint64_t linger_ms = 30'000;
};

/// A node that can be linked to.
struct Candidate {
    ReplicaId replica;
    /// An edge leaf: it relays nothing, and nobody chooses it. It dials its masters.
    bool leaf = false;
};

/// Whom `self` should hold links to, of those that are alive: everybody in a small cluster, else
/// both neighbours in each of a few rings in which all masters stand, in an order that is random
/// and the same for all (Law and Siu, "Distributed Construction of Random Expander Networks",
/// 2003). Ascending, without `self`; who is named twice counts once.
///
/// A function of the list: no messages, and whoever has the same list has the same graph. Then it
/// is symmetric and connected whoever is missing, every node has 2 · `rings` links or a few less,
/// and paths have a length of about log(n) / log(2 · `rings` − 1). While lists differ, a link
/// exists if either end wants it. One node more or less changes the links of its neighbours and of
/// nobody else. O(n · `rings`).
///
/// HyParView (Leitão, Pereira and Rodrigues, 2007) does the same for nodes that do not know each
/// other; `docs/protocol.md` compares them.
KIGUMI_API std::vector<ReplicaId> choose_neighbours(const Candidate& self,
                                                    const std::vector<Candidate>& alive,
                                                    const NeighbourOptions& options);

/// The choice over time: links that were chosen before linger for a while. Times are milliseconds
/// of a clock that never goes back. One thread at a time.
class KIGUMI_API Neighbours {
  public:
    Neighbours(Candidate self, NeighbourOptions options);

    /// Who is alive has changed, as far as this node knows. Who is not is forgotten at once.
    void update(const std::vector<Candidate>& alive, std::uint64_t now_ms);
    /// Time has passed. Call it at `next_wakeup` at the latest.
    void tick(std::uint64_t now_ms);

    /// To whom to hold links: dial who is missing, and hang up on links of our own to others.
    std::set<ReplicaId> wanted() const;
    /// When a link has lingered enough; the largest number if none does.
    std::uint64_t next_wakeup() const;

  private:
    const Candidate self_;
    const NeighbourOptions options_;
    std::set<ReplicaId> chosen_;
    std::map<ReplicaId, std::uint64_t> lingering_;  ///< until when
};

}  // namespace kigumi
