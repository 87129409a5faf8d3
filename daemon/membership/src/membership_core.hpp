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

    Core(membership::Member self, MembershipOptions options, std::uint64_t now_ms);

    void join(const Contact& seed);
    Result<ReplicaId> receive(std::string_view bytes, std::uint64_t now_ms,
                              std::string_view proved_key);
    void heard(const ReplicaId& replica, std::uint64_t now_ms);
    void doubt(const ReplicaId& replica);
    void tick(std::uint64_t now_ms);
    void leave();
    void rename(const ReplicaId& replica);
    std::uint64_t next_wakeup() const;
    std::vector<membership::Member> members() const;

    membership::Member self;
    Actions actions;
    unsigned doubt_of_self = 0;

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
    /// A probe for somebody else.
    struct Errand {
        Contact asker;
        std::uint64_t number = 0;   ///< the asker's
        std::uint64_t nack_ms = 0;  ///< 0: sent
        std::uint64_t end_ms = 0;
    };

    // Messages.
    void on(const Contact& from, const membership::Ping& ping);
    void on(const Contact& from, const membership::PingFor& ping);
    void on(const Contact& from, const membership::Ack& ack);
    void on(const Contact& from, const membership::Nack& nack);
    void on(const Contact&, const membership::Gossip&) {}
    void on(const Contact& from, const membership::Exchange& exchange);
    void send(const Contact& to, membership::Body body);
    void send_all(const Contact& to, bool answer_wanted);

    // Claims.
    /// `exchanged`: it comes from somebody's whole list rather than as news.
    void consider(Claim claim, const Contact& from, bool exchanged);
    void consider_self(const Claim& claim, const Contact& from);
    void meet(const Claim& claim);
    void confirm(Peer& peer, const Claim& claim);
    void change(Peer& peer, const Claim& claim);
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
    std::vector<Contact> some(std::size_t count, Liveness upto, const ReplicaId& except);
    std::uint64_t random_below(std::uint64_t bound) { return options_.random() % bound; }
    std::uint64_t jittered(std::uint64_t ms) { return ms - ms / 8 + random_below(ms / 4 + 1); }

    const MembershipOptions options_;
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
