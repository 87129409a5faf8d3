#pragma once

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "../ascending.hpp"
#include "breaker.hpp"
#include "due.hpp"
#include "inflow.hpp"
#include "kigumi/clocks/version_vector.hpp"
#include "kigumi/replication/head.hpp"
#include "kigumi/replication/status.hpp"
#include "references.hpp"
#include "rtt.hpp"

namespace kigumi {

/// The buckets of a link that have something to do, so that nobody has to look at the others.
struct Agenda {
    DueQueue digests;
    DueQueue pushes;
    DueQueue pulls;
    DueQueue audits;
    std::set<std::string_view> unsettled;  ///< which may not be as far at the peer as here
    std::set<std::string_view> unpushed;   ///< for which there may be something to push
    std::set<std::string_view> in_flight;  ///< of which pushes are not confirmed
};

/// What a link has told us, and was told, about one bucket. Stays where it was made.
struct Peering {
    explicit Peering(Agenda& lists)
        : agenda(lists),
          push_at_ms(lists.pushes, name),
          digest_at_ms(lists.digests, name),
          pull_at_ms(lists.pulls, name),
          audit_at_ms(lists.audits, name) {}
    ~Peering() {
        agenda.unsettled.erase(name);
        agenda.unpushed.erase(name);
        agenda.in_flight.erase(name);
    }
    Peering(const Peering&) = delete;
    Peering& operator=(const Peering&) = delete;

    struct Sent {
        VersionVector version;
        std::size_t bytes;
        std::uint64_t at_ms;
    };

    Agenda& agenda;
    std::string_view name;          ///< of the bucket
    bool known = false;             ///< the peer has said what it holds
    VersionVector acknowledged;     ///< what it holds durably; the newest word replaces older ones
    VersionVector told;             ///< of what we hold, what it was pushed or brought itself
    std::set<ReplicaId> pruned;     ///< origins whose events it gets by another way
    std::optional<ReplicaId> only;  ///< the one origin that is pushed here, if not all are
    std::list<Sent> in_flight;      ///< pushes that it has not acknowledged
    Due push_at_ms;                 ///< when to push what has been written; 0: nothing yet
    Due digest_at_ms;               ///< when it should hear our version; 0: it has
    Due pull_at_ms;                 ///< when to pull what it has and we lack; 0: nothing to pull
    Due audit_at_ms;                ///< when to audit the next range; 0: not planned yet
    std::string audit_from;         ///< where that begins
    std::uint64_t audit_rows = 0;   ///< compared so far in this audit
    std::uint64_t audit_differences = 0;
    SaidVersions said;                      ///< of our versions, what it may refer to
    SaidVersions said_floors;               ///< of our G likewise
    std::optional<NamedVersion> reference;  ///< of its versions, what we may refer to
    std::uint64_t its_floor = 0;            ///< the name of its G
    std::uint64_t whole_until_ms = 0;       ///< until then it gets whole vectors
    std::uint64_t say_whole_ms = 0;         ///< when we last asked for that
    std::uint64_t said_change = 0;          ///< the last change of our version that it was told
    unsigned times_shown = 0;               ///< its heads, without an answer
    unsigned rounds_shown = 0;              ///< since the last time
    std::vector<Head> shown;                ///< of its heads, what it was shown since it greeted
    bool confirmed = false;                 ///< it has said that they are its own
    bool head_taken = false;                ///< its own newest one was taken since it greeted
    std::uint64_t said_ms = 0;              ///< when it was last told our version
    std::uint64_t same_again_ms = 0;        ///< when it last said what it had said before
    std::uint64_t heard_from = 0;  ///< up to which change of our acknowledgements it was told

    /// Whether events of an origin are pushed here.
    bool carries(const ReplicaId& origin) const {
        return (!only || *only == origin) && !pruned.contains(origin);
    }
    /// Whether there is something to push to it.
    bool lacks(const VersionVector& ours) const {
        if (told == ours) return false;
        Ascending was_told(told);
        Ascending holds(acknowledged);
        return std::any_of(ours.begin(), ours.end(), [&](const auto& entry) {
            const auto& [origin, counter] = entry;
            return std::max(was_told[origin], holds[origin]) < counter && carries(origin);
        });
    }
    /// The cut that the next push starts from: of the origins to push what it was told, of the
    /// others what we hold.
    VersionVector push_base(const VersionVector& ours) const {
        VersionVector base = ours;
        VersionVector reached = told;
        reached.merge(acknowledged);
        for (const auto& [origin, counter] : ours)
            if (!carries(origin)) reached.raise(origin, counter);
        base.meet(reached);
        return base;
    }
    /// Keeps of a vector only what speaks of `ours`: peers can claim anything.
    void has_been_told(VersionVector version, const VersionVector& ours) {
        version.meet(ours);
        told.merge(version);
    }
    /// What to refer to; null if vectors have to be whole.
    const NamedVersion* refer(std::uint64_t now_ms) const {
        return reference && now_ms >= whole_until_ms ? &*reference : nullptr;
    }
    void owe_digest(std::uint64_t at_ms) {
        const std::uint64_t at = std::max<std::uint64_t>(at_ms, 1);
        if (digest_at_ms == 0 || digest_at_ms > at) digest_at_ms = at;
    }
    /// The peer, or we, may hold more now: there may be something to tell it and to push.
    void look_at() {
        agenda.unsettled.insert(name);
        agenda.unpushed.insert(name);
    }
};

/// The buckets of a link, by name.
class Peerings {
  public:
    using Map = std::map<std::string, Peering, std::less<>>;

    /// Makes it if there is none.
    Peering& operator[](const std::string& bucket) {
        const auto [it, fresh] = all_.try_emplace(bucket, agenda_);
        if (fresh) it->second.name = it->first;
        return it->second;
    }
    Map::iterator find(std::string_view bucket) { return all_.find(bucket); }
    Map::const_iterator find(std::string_view bucket) const { return all_.find(bucket); }
    Map::iterator begin() { return all_.begin(); }
    Map::iterator end() { return all_.end(); }
    Map::const_iterator end() const { return all_.end(); }
    void erase(Map::iterator it) { all_.erase(it); }
    void clear() { all_.clear(); }

    Agenda& agenda() { return agenda_; }
    const Agenda& agenda() const { return agenda_; }

  private:
    Agenda agenda_;
    Map all_;
};

/// A range of rows that a peer was asked about.
struct AuditQuestion {
    std::uint64_t session = 0;
    std::string bucket;
    std::string from;
    std::string to;
    std::uint64_t rows = 0;
    std::uint64_t asked_ms = 0;
    std::uint64_t deadline_ms = 0;
};

struct Link {
    /// At first; twice as long each time that it was not enough.
    static constexpr std::uint64_t kPullTurnMs = 10'000;
    static constexpr std::uint64_t kMaxPullTurnMs = 600'000;

    Link(LinkId link, const ReplicatorOptions& options)
        : id(link),
          pull_backoff(options.backoff_min_ms, options.backoff_max_ms),
          round_trip({options.pull_timeout_ms, options.timeout_min_ms, options.timeout_max_ms}),
          breaker({options.breaker_threshold, options.breaker_weight, options.breaker_min_ms,
                   options.breaker_max_ms}),
          inflow(options) {}
    ~Link() { count_vector_entries(0, vector_entries); }
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// Charges the peer for work that its messages have made.
    void charge_work(std::uint64_t units) { inflow.charge({0, 0, units}); }
    Rights rights(std::string_view bucket) const { return policy ? policy->in(bucket) : Rights(); }

    LinkId id;
    bool dialled = false;
    std::string address;
    std::shared_ptr<PeerPolicy> policy;  ///< null: everything is allowed
    std::set<std::string> denied;        ///< what was refused and is not told again
    std::optional<ReplicaId> replica;    ///< who is there, once it has greeted
    ReplicaId greeted_as;                ///< who we said we are
    bool up = false;
    std::uint64_t heard_ms = 0;
    std::uint64_t hello_ms = 0;  ///< when we last greeted
    std::uint64_t who_ms = 0;    ///< when we last asked for a greeting
    std::uint64_t changed_wall_ms = 0;
    Backoff pull_backoff;
    std::uint64_t pull_not_before_ms = 0;
    RoundTrip round_trip;
    Breaker breaker;
    Inflow inflow;
    std::size_t in_flight_bytes = 0;  ///< of pushes in all buckets
    bool push_blocked = false;        ///< because of that
    std::uint64_t greeting = 0;       ///< counts greetings: what was sent before is another's
    std::uint64_t pull_turn_ms = kPullTurnMs;  ///< how long a pull may keep others waiting
    std::size_t vector_entries = 0;            ///< of what it has said to hold
    std::size_t held_bytes = 0;                ///< of its pushes that wait, in all buckets
    Peerings buckets;
    bool heads = false;                       ///< it has said that it understands heads
    bool knows_features = false;              ///< it has said that it knows that we do
    unsigned features_told = 0;               ///< how often it was told, since it greeted
    std::set<std::string> show_heads;         ///< of these buckets
    std::set<std::string> unconfirmed_heads;  ///< of these it was shown some, without an answer
    std::optional<std::string> tell_from;     ///< behind this bucket all have to be told still
    std::string quiet_from;                   ///< behind this one the quiet ones are told again
    unsigned quiet_pause = 0;                 ///< rounds until that begins anew
    std::string unsettled_from;               ///< as for the quiet ones, of those that are not
    std::optional<AuditQuestion> audit;       ///< that waits for its answer
    TrafficStatus traffic;

    void sent(Peering& peering, Peering::Sent push) {
        in_flight_bytes += push.bytes;
        peering.in_flight.push_back(std::move(push));
        buckets.agenda().in_flight.insert(peering.name);
    }
    void forget_oldest_push(Peering& peering) {
        in_flight_bytes -= peering.in_flight.front().bytes;
        peering.in_flight.pop_front();
        if (peering.in_flight.empty()) buckets.agenda().in_flight.erase(peering.name);
    }
    /// Of this link, and of all links of the peer together.
    void count_vector_entries(std::size_t added, std::size_t gone) {
        vector_entries += added - gone;
        inflow.budget()->vector_entries += added - gone;
    }
    /// Forgets what was said of buckets: it will be said again.
    void start_over() {
        buckets.clear();
        heads = knows_features = false;
        features_told = 0;
        show_heads.clear();
        unconfirmed_heads.clear();
        count_vector_entries(0, vector_entries);
        in_flight_bytes = 0;
        tell_from.reset();
        quiet_from.clear();
        unsettled_from.clear();
        push_blocked = false;
        audit.reset();
        ++greeting;
    }
};

}  // namespace kigumi
