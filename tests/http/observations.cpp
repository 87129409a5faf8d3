#include "http/observations.hpp"

namespace kigumi::http {
namespace {

ReplicaId replica(std::uint8_t byte) {
    ReplicaId::Bytes bytes{};
    bytes.fill(byte);
    return ReplicaId(bytes);
}

}  // namespace

Observation full_observation() {
    Observation now;
    now.version = "1.2.3";
    now.started_ms = 1'000'000;
    now.wall_ms = 2'000'000;
    now.loop_idle_ms = 7;
    now.loop_longest_turn_ms = 340;
    now.loop_longest_turn_of_minute_ms = 45;
    now.has_peers = true;
    now.usage = kv::Usage{4'096, 8'192, 12};
    now.free_bytes = 1'000'000'000;
    now.commits.add(std::chrono::microseconds(50), true);
    now.commits.add(std::chrono::microseconds(3'000), true);
    now.commits.add(std::chrono::seconds(99), false);
    now.census = Census{10, 2, 1, 3, now.wall_ms - 4'000, 20};
    ReplicatorStatus status;
    status.replica = replica(1);
    status.wall_ms = now.wall_ms;
    LinkStatus dialled;
    dialled.link = 1;
    dialled.address = "tcp://127.0.0.1:1 \"quoted\\\n";
    dialled.replica = replica(2);
    dialled.up = true;
    dialled.round_trip = {3, 1.5, 0.25, 200};
    dialled.traffic = {1, 100, 2, 200, 3, 4};
    LinkStatus accepted;
    accepted.link = 2;
    accepted.address = "accepted";
    accepted.breaker.state = BreakerState::kOpen;
    status.links = {dialled, accepted};
    BucketStatus bucket;
    bucket.name = "default";
    bucket.version.raise(replica(1), 9);
    BucketPeerStatus peer;
    peer.replica = replica(2);
    peer.lag = {5, 4, now.wall_ms - 2'500};
    bucket.peers = {peer};
    bucket.collected = 3;
    bucket.folding = true;
    status.buckets = {bucket, bucket};
    status.buckets[1].name = "other";
    status.counters.pulls_done = 6;
    now.replication = status;
    MembershipStatus opinions;
    opinions.self_doubt = 3;
    opinions.members = {
        {{replica(2), "127.0.0.1:1", "", false}, 7, membership::Liveness::kAlive, 1'500'000},
        {{replica(3), "127.0.0.1:2 \"", "", true}, 8, membership::Liveness::kDown, 1'600'500}};
    now.membership = opinions;
    BackupRecord made;
    made.path = "/backup/\"a\\b\n\xff";
    made.success_ms = 1'500'000;
    BackupRecord failed;
    failed.path = "/backup/other";
    failed.error = "no such disk";
    failed.error_ms = 1'900'000;
    now.backups = {made, failed};
    return now;
}

}  // namespace kigumi::http
