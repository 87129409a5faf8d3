#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/replication/lag.hpp"
#include "kigumi/replication/replicator.hpp"

/// What a running replicator tells of itself: plain values, a copy of one moment. Counters count
/// from its start and never go back.
namespace kigumi {

/// How long a peer takes to answer, as measured on a link.
struct RoundTripStatus {
    std::uint64_t samples = 0;  ///< 0: not measured yet
    double mean_ms = 0;
    double deviation_ms = 0;
    std::uint64_t timeout_ms = 0;  ///< how long an answer is waited for at present
};

/// Closed: it is asked. Open: it is left alone. Half open: one question tells whether to go on.
enum class BreakerState { kClosed, kOpen, kHalfOpen };
/// "closed", "open" or "half-open".
KIGUMI_API std::string_view name_of(BreakerState state);

/// Whether a peer is worth asking.
struct BreakerStatus {
    BreakerState state = BreakerState::kClosed;
    double error_rate = 0;     ///< of what was asked lately, 0 to 1
    std::uint64_t opened = 0;  ///< how often it has opened
};

/// What has gone over a link, since it was made.
struct TrafficStatus {
    std::uint64_t messages_in = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t messages_out = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t throttled = 0;  ///< messages that had to wait, because too many came
    std::uint64_t dropped = 0;    ///< messages thrown away unread, because far too many came
};

/// One connection.
struct LinkStatus {
    LinkId link = 0;
    bool dialled = false;
    std::string address;
    std::optional<ReplicaId> replica;  ///< nothing before it has greeted
    bool up = false;
    std::uint64_t changed_ms = 0;  ///< when `up` last changed, ms since 1970; 0: never was up
    RoundTripStatus round_trip;
    BreakerStatus breaker;
    TrafficStatus traffic;
    std::size_t in_flight_bytes = 0;  ///< pushes that it has not confirmed
    std::size_t credit_bytes = 0;     ///< that may be pushed before it confirms some
    std::size_t held_bytes = 0;       ///< kept in memory on its behalf
    std::size_t queued_bytes = 0;     ///< handed to the sockets' owner and not sent yet
    std::size_t pulls = 0;            ///< from it, under way
};

/// How far a replica is known to be, in one bucket.
struct BucketPeerStatus {
    ReplicaId replica;
    VersionVector acknowledged;
    Lag lag;
};

/// One bucket, and how far others are in it.
struct BucketStatus {
    std::string name;
    VersionVector version;
    VersionVector floor;
    std::vector<BucketPeerStatus> peers;
    std::size_t held_bytes = 0;     ///< pushes that wait for what they depend on
    std::uint64_t collected = 0;    ///< removed rows that this process has dropped
    std::uint64_t differences = 0;  ///< rows that audits found different, ever
    bool pulling = false;
    bool folding = false;  ///< what a large pull brought is visible and being folded in
};

/// What has been done and refused.
struct ReplicationCounters {
    std::uint64_t pushes_sent = 0;
    std::uint64_t pushes_joined = 0;
    std::uint64_t pulls_done = 0;
    std::uint64_t pulls_broken = 0;
    std::uint64_t pulls_served = 0;
    std::uint64_t audits_done = 0;    ///< walks through a bucket with a peer, to their end
    std::uint64_t refused_peers = 0;  ///< links that were closed, for what came from them
    std::uint64_t denied = 0;         ///< messages that their senders had no right to
    std::uint64_t unproven = 0;       ///< messages and answers with a write of no sound proof
    std::uint64_t renewals = 0;       ///< of this node's identity, after a proof that it went back
    std::uint64_t identity_claims = 0;  ///< versions that hold events this node never made
    std::uint64_t unsound_heads = 0;    ///< heads of others with a wrong signature
    /// How often a peer told of a bucket that was not taken, for want of room here
    /// (`ReplicatorOptions::max_buckets`) or in the peer's share.
    std::uint64_t buckets_refused = 0;
};

/// All that a replicator knows of itself and of its peers, at one moment.
struct ReplicatorStatus {
    ReplicaId replica;
    std::uint64_t wall_ms = 0;  ///< when this was so, ms since 1970
    std::vector<LinkStatus> links;
    std::vector<BucketStatus> buckets;
    ReplicationCounters counters;
    ClockSkew clock_skew;
    std::size_t buffered_bytes = 0;  ///< memory held on behalf of peers
    std::size_t max_buckets = 0;     ///< `ReplicatorOptions::max_buckets`
    std::uint64_t left_out = 0;      ///< buckets of this store that are not replicated for it
};

}  // namespace kigumi
