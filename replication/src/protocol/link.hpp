#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "../ascending.hpp"
#include "breaker.hpp"
#include "inflow.hpp"
#include "kigumi/clocks/version_vector.hpp"
#include "kigumi/replication/head.hpp"
#include "kigumi/replication/status.hpp"
#include "references.hpp"
#include "rtt.hpp"

namespace kigumi {

/// What a link has told us, and was told, about one bucket.
struct Peering {
    struct Sent {
        VersionVector version;
        std::size_t bytes;
        std::uint64_t at_ms;
    };

    bool known = false;              ///< the peer has said what it holds
    VersionVector acknowledged;      ///< what it holds durably; the newest word replaces older ones
    VersionVector told;              ///< of what we hold, what it was pushed or brought itself
    std::set<ReplicaId> pruned;      ///< origins whose events it gets by another way
    std::optional<ReplicaId> only;   ///< the one origin that is pushed here, if not all are
    std::deque<Sent> in_flight;      ///< pushes that it has not acknowledged
    std::uint64_t push_at_ms = 0;    ///< when to push what has been written; 0: nothing yet
    std::uint64_t digest_at_ms = 0;  ///< when it should hear our version; 0: it has
    std::uint64_t pull_at_ms = 0;    ///< when to pull what it has and we lack; 0: nothing to pull
    std::uint64_t audit_at_ms = 0;   ///< when to audit the next range; 0: not planned yet
    std::string audit_from;          ///< where that begins
    std::uint64_t audit_rows = 0;    ///< compared so far in this audit
    std::uint64_t audit_differences = 0;
    SaidVersions said;                      ///< of our versions, what it may refer to
    SaidVersions said_floors;               ///< of our G likewise
    std::optional<NamedVersion> reference;  ///< of its versions, what we may refer to
    std::uint64_t its_floor = 0;            ///< the name of its G
    std::uint64_t whole_until_ms = 0;       ///< until then it gets whole vectors
    std::uint64_t say_whole_ms = 0;         ///< when we last asked for that
    std::uint64_t said_change = 0;          ///< the last change of our version that it was told
    unsigned quiet_rounds = 0;              ///< in which there was nothing to say
    unsigned times_shown = 0;               ///< that was not answered
    unsigned rounds_shown = 0;              ///< since the last time
    std::vector<Head> shown;                ///< of its heads, what it was shown since it greeted
    bool confirmed = false;                 ///< it has said that they are its own
    bool head_taken = false;                ///< its own newest one was taken since it greeted
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
        digest_at_ms = digest_at_ms == 0 ? at : std::min(digest_at_ms, at);
    }
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

    /// Charges the peer for work that its messages have made.
    void charge_work(std::uint64_t units) { inflow.charge({0, 0, units}); }
    Rights rights(std::string_view bucket) const { return policy ? policy->in(bucket) : Rights(); }

    LinkId id;
    bool dialled = false;
    std::string address;
    std::shared_ptr<PeerPolicy> policy;  ///< null: everything is allowed
    std::set<std::string> denied;        ///< what was refused and is not told again
    std::optional<ReplicaId> replica;    ///< who is there, once it has greeted
    std::string peer;                    ///< the peer that this replica belongs to, if known
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
    std::size_t introduced = 0;                ///< buckets that we know of through it only
    std::map<std::string, Peering> buckets;
    bool heads = false;                  ///< it has said that it understands heads
    bool knows_features = false;         ///< it has said that it knows that we do
    unsigned features_told = 0;          ///< how often it was told, since it greeted
    std::set<std::string> show_heads;    ///< of these buckets
    std::optional<AuditQuestion> audit;  ///< that waits for its answer
    TrafficStatus traffic;

    void sent(Peering& peering, Peering::Sent push) {
        in_flight_bytes += push.bytes;
        peering.in_flight.push_back(std::move(push));
    }
    void forget_oldest_push(Peering& peering) {
        in_flight_bytes -= peering.in_flight.front().bytes;
        peering.in_flight.pop_front();
    }
    /// Forgets what was said of buckets: it will be said again.
    void start_over() {
        buckets.clear();
        heads = knows_features = false;
        features_told = 0;
        show_heads.clear();
        in_flight_bytes = vector_entries = 0;
        push_blocked = false;
        audit.reset();
        ++greeting;
    }
};

}  // namespace kigumi
