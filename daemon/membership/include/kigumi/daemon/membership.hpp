#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/result.hpp"
#include "kigumi/daemon/member.hpp"
#include "kigumi/daemon/membership_options.hpp"
#include "kigumi/daemon/membership_policy.hpp"

namespace kigumi {

/// Who is there: SWIM (Das, Gupta and Motivala, 2002) with Lifeguard (Dadgar, Phillips and Currey,
/// 2017), as a state machine. `docs/membership.md` tells how it works.
///
/// Time, random numbers and network are handed in, so that a daemon and a simulator run the same
/// code. One thread at a time. Times are milliseconds of a clock that never goes back. Every event
/// can leave actions; take them after it. Each call costs O(members) at most.
class KIGUMI_API Membership {
  public:
    /// A message, and to whom.
    struct Send {
        membership::Contact to;
        std::string message;
    };
    /// What an event leaves to be done.
    struct Actions {
        std::vector<Send> sends;
        /// Members of whom the opinion, the address or the key has changed, as they are now.
        std::vector<membership::Member> changes;
    };

    /// `self.incarnation` must be higher than in any earlier life of this replica: milliseconds
    /// since 1970 will do (should the clock have gone back, others tell and it is raised). Without
    /// a policy everybody is believed.
    Membership(membership::Member self, MembershipOptions options, std::uint64_t now_ms,
               std::shared_ptr<MembershipPolicy> policy = nullptr);
    ~Membership();

    /// A place where some member may be. It is tried until somebody is found, and now and then
    /// later if nobody known is there.
    void join(const membership::Contact& seed);
    /// A message from a peer; anything may be in it. `proved_key`: the key that its connection has
    /// shown, which its sender must name; empty without encryption. Returns who says to have sent
    /// it; an error names what is wrong with the message. kBusy, kFull, kIo: only its sender's
    /// claim to be that replica cannot be accepted now, and nothing of it is believed.
    Result<ReplicaId> receive(std::string_view message, std::uint64_t now_ms,
                              std::string_view proved_key = {});
    /// Something else has come from a member: it lives.
    void heard(const ReplicaId& replica, std::uint64_t now_ms);
    /// There is reason to doubt a member, such as a connection that broke: it is probed next.
    void doubt(const ReplicaId& replica);
    /// Time has passed. Call it at `next_wakeup` at the latest.
    void tick(std::uint64_t now_ms);
    /// The policy has changed: forgets members whose keys are not listed any more.
    void review();
    /// Tells others that this node leaves on purpose, and says nothing from then on.
    void leave();
    /// This node goes on under another replica id; the old one has left.
    void rename(const ReplicaId& replica);

    std::uint64_t next_wakeup() const;
    Actions take_actions();

    const membership::Member& self() const;
    /// The others, by replica id.
    std::vector<membership::Member> members() const;
    /// How far this node doubts itself: 0 to `health_max`.
    unsigned self_doubt() const;
    /// Claims about others that were not believed: their teller has no right to make them, their
    /// subject's key is not listed or is another one here, or their incarnation is out of reach.
    std::uint64_t ignored_claims() const;

  private:
    class Core;
    std::unique_ptr<Core> core_;
};

/// Whether bytes that came on a connection are of the control protocols (kinds of messages from 64
/// on) rather than of replication. Looks at the first bytes only.
KIGUMI_API bool is_control_message(std::string_view bytes);

}  // namespace kigumi
