#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "kigumi/daemon/membership.hpp"
#include "membership_messages.hpp"
#include "news.hpp"
#include "round_trips.hpp"
#include "suspicion.hpp"

namespace kigumi {

/// The state of Membership.
class Membership::Core {
  public:
    using Contact = membership::Contact;
    using Claim = membership::Claim;
    using Liveness = membership::Liveness;

    Core(membership::Member self, MembershipOptions options, std::uint64_t now_ms,
         std::shared_ptr<MembershipPolicy> policy);

    void join(const Contact& seed);
    Result<ReplicaId> receive(std::string_view bytes, std::uint64_t now_ms,
                              std::string_view proved_key);
    void heard(const ReplicaId& replica, std::uint64_t now_ms);
    void doubt(const ReplicaId& replica);
    void tick(std::uint64_t now_ms);
    void review();
    void leave();
    void rename(const ReplicaId& replica);
    std::uint64_t next_wakeup() const;
    std::vector<membership::Member> members() const;

    membership::Member self;
    Actions actions;
    unsigned doubt_of_self = 0;
    std::uint64_t ignored_claims = 0;

  private:
    struct Peer {
        membership::Member member;
        membership::Suspicion suspicion;  ///< of a suspect
        std::uint64_t heard_ms = 0;
        std::uint64_t told_ms = 0;      ///< when we last told it unasked what we think of it
        std::uint64_t answered_ms = 0;  ///< when we last sent it all
    };
    /// The probe that is under way.
    struct Probe {
        ReplicaId target;
        std::uint64_t number = 0;
        std::uint64_t begun_ms = 0;
        std::uint64_t ask_others_ms = 0;  ///< 0: done
        std::uint64_t end_ms = 0;
        std::size_t asked = 0;
        std::size_t nacks = 0;
        bool answered = false;
    };
    /// Who speaks.
    struct Teller {
        const Contact& contact;
        bool trusted;            ///< what it says of others is believed
        bool exchanged = false;  ///< its whole list rather than news
    };
    /// A probe for somebody else.
    struct Errand {
        Contact asker;
        ReplicaId target;
        std::uint64_t number = 0;   ///< the asker's
        std::uint64_t nack_ms = 0;  ///< 0: sent
        std::uint64_t end_ms = 0;
    };

    // Messages.
    void on(const Teller& from, const membership::Ping& ping);
    void on(const Teller& from, const membership::PingFor& ping);
    void on(const Teller& from, const membership::Ack& ack);
    void on(const Teller& from, const membership::Nack& nack);
    void on(const Teller&, const membership::Gossip&) {}
    void on(const Teller& from, const membership::Exchange& exchange);
    void send(const Contact& to, membership::Body body);
    void send_all(const Contact& to, bool answer_wanted);

    // Claims.
    void consider(Claim claim, const Teller& from);
    /// Returns whether the teller is to be told that it is wrong.
    bool consider_self(const Claim& claim, const Teller& from);
    /// Whether the teller may say such things of that member, and can know them.
    bool believable(const Claim& claim, const Teller& from);
    /// The highest incarnation that others are believed to know of somebody known with this one.
    std::uint64_t highest_told(std::uint64_t known) const;
    void meet(const Claim& claim, const Teller& from);
    /// Whether one more of this key may be remembered; makes room for it.
    bool make_room_for(const std::string& key);
    void confirm(Peer& peer, const Claim& claim);
    void change(Peer& peer, const Claim& claim, const std::string& told_by = {});
    void suspect(Peer& peer, const ReplicaId& accuser);
    void expire_suspicions();
    void forget_old();
    Claim claim_of(const Peer& peer) const;
    Claim own_claim() const;
    void tell_what_we_think(Peer& peer);

    // Probing.
    void probe_next();
    void go_on_with_probe();
    void end_probe();
    void run_errands();
    std::optional<ReplicaId> next_target();
    void begin_lap();
    void enter_lap(const ReplicaId& replica);
    std::uint64_t probe_timeout() const;
    void doubt_self(int by);
    /// This node has been stopped for a while: nothing that was due meanwhile counts.
    void notice_stall(std::uint64_t now_ms);

    // Rounds.
    void gossip();
    void exchange_with_somebody();
    void announce();
    void try_seeds();

    Peer* find(const ReplicaId& replica);
    bool takes_part(const Peer& peer) const { return peer.member.liveness <= Liveness::kSuspect; }
    /// Members that are alive or suspect, this node included.
    std::size_t live() const;
    std::size_t tellings() const;
    std::vector<Contact> some(std::size_t count, Liveness upto, const ReplicaId& except,
                              bool trusted_only = false);
    bool trusts(const std::string& key) const { return !policy_ || policy_->may_gossip(key); }
    std::uint64_t random_below(std::uint64_t bound) { return options_.random() % bound; }
    std::uint64_t jittered(std::uint64_t ms) { return ms - ms / 8 + random_below(ms / 4 + 1); }

    const MembershipOptions options_;
    const std::shared_ptr<MembershipPolicy> policy_;
    const std::uint64_t started_ms_;
    /// The highest incarnation that this node had at its start, or heard from a trusted member of
    /// itself.
    std::uint64_t highest_start_;
    std::uint64_t deny_not_before_ms_ = 0;  ///< to those who are not trusted
    std::uint64_t now_ms_;
    std::uint64_t due_ms_ = 0;  ///< when we wanted to be called next, the last time we were
    bool left_ = false;
    std::map<ReplicaId, Peer> peers_;
    std::vector<Contact> seeds_;
    membership::News news_;
    membership::RoundTrips round_trips_;
    std::vector<ReplicaId> lap_;  ///< everybody to probe, in random order
    std::size_t lap_at_ = 0;      ///< who is next
    std::deque<ReplicaId> soon_;  ///< whom to probe before going on with the lap
    std::optional<Probe> probe_;
    std::map<std::uint64_t, Errand> errands_;
    std::uint64_t next_number_;
    std::uint64_t probe_at_ms_;
    std::uint64_t gossip_at_ms_;
    std::uint64_t exchange_at_ms_;
    std::uint64_t announce_at_ms_;
    std::uint64_t join_at_ms_;
    std::uint64_t forget_at_ms_;
};

}  // namespace kigumi
