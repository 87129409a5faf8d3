#include <nlohmann/json.hpp>

#include "kigumi/daemon/observation.hpp"
#include "kigumi/daemon/time_text.hpp"

namespace kigumi::http {
namespace {

using Json = nlohmann::ordered_json;

Json time_json(std::uint64_t ms) { return ms == 0 ? Json() : Json(iso_time(ms)); }

Json vector_json(const VersionVector& version) {
    Json json = Json::object();
    for (const auto& [origin, counter] : version) json[origin.hex()] = counter;
    return json;
}

Json link_json(const LinkStatus& link) {
    return {{"link", link.link},
            {"dialled", link.dialled},
            {"address", link.address},
            {"replica", link.replica ? Json(link.replica->hex()) : Json()},
            {"up", link.up},
            {"since", time_json(link.changed_ms)},
            {"round_trip",
             {{"samples", link.round_trip.samples},
              {"mean_ms", link.round_trip.mean_ms},
              {"deviation_ms", link.round_trip.deviation_ms},
              {"timeout_ms", link.round_trip.timeout_ms}}},
            {"breaker",
             {{"state", name_of(link.breaker.state)},
              {"error_rate", link.breaker.error_rate},
              {"opened", link.breaker.opened}}},
            {"traffic",
             {{"messages_in", link.traffic.messages_in},
              {"bytes_in", link.traffic.bytes_in},
              {"messages_out", link.traffic.messages_out},
              {"bytes_out", link.traffic.bytes_out},
              {"throttled", link.traffic.throttled},
              {"dropped", link.traffic.dropped}}},
            {"in_flight_bytes", link.in_flight_bytes},
            {"credit_bytes", link.credit_bytes},
            {"held_bytes", link.held_bytes},
            {"queued_bytes", link.queued_bytes},
            {"pulls", link.pulls}};
}

Json bucket_json(const BucketStatus& bucket, std::uint64_t wall_ms) {
    Json peers = Json::array();
    for (const BucketPeerStatus& peer : bucket.peers)
        peers.push_back({{"replica", peer.replica.hex()},
                         {"acknowledged", vector_json(peer.acknowledged)},
                         {"lag_events", peer.lag.events},
                         {"lag_own_events", peer.lag.own_events},
                         {"lag_ms", peer.lag.age_ms(wall_ms)}});
    return {{"name", bucket.name},
            {"version", vector_json(bucket.version)},
            {"floor", vector_json(bucket.floor)},
            {"peers", std::move(peers)},
            {"held_bytes", bucket.held_bytes},
            {"collected", bucket.collected},
            {"differences", bucket.differences},
            {"pulling", bucket.pulling},
            {"folding", bucket.folding}};
}

Json replication_json(const ReplicatorStatus& status) {
    Json links = Json::array();
    for (const LinkStatus& link : status.links) links.push_back(link_json(link));
    Json buckets = Json::array();
    for (const BucketStatus& bucket : status.buckets)
        buckets.push_back(bucket_json(bucket, status.wall_ms));
    const ReplicationCounters& done = status.counters;
    return {{"replica", status.replica.hex()},
            {"links", std::move(links)},
            {"buckets", std::move(buckets)},
            {"counters",
             {{"pushes_sent", done.pushes_sent},
              {"pushes_joined", done.pushes_joined},
              {"pulls_done", done.pulls_done},
              {"pulls_broken", done.pulls_broken},
              {"pulls_served", done.pulls_served},
              {"audits_done", done.audits_done},
              {"refused_links", done.refused_peers},
              {"unproven_messages", done.unproven},
              {"identity_renewals", done.renewals},
              {"identity_claims", done.identity_claims},
              {"unsound_heads", done.unsound_heads},
              {"buckets_refused", done.buckets_refused}}},
            {"clock_skew",
             {{"writes", status.clock_skew.writes}, {"largest_ms", status.clock_skew.largest_ms}}},
            {"max_buckets", status.max_buckets},
            {"buckets_not_replicated", status.left_out},
            {"buffered_bytes", status.buffered_bytes}};
}

Json membership_json(const MembershipStatus& status) {
    Json nodes = Json::array();
    for (const membership::Member& member : status.members)
        nodes.push_back({{"replica", member.contact.replica.hex()},
                         {"address", member.contact.address},
                         {"leaf", member.contact.leaf},
                         {"opinion", name_of(member.liveness)},
                         {"since", time_json(member.changed_ms)}});
    return {{"self_doubt", status.self_doubt},
            {"ignored_claims", status.ignored_claims},
            {"dropped_messages", status.dropped_messages},
            {"nodes", std::move(nodes)}};
}

Json store_json(const Observation& now) {
    Json json = {{"free_bytes", now.free_bytes}};
    if (now.usage) {
        json["file_bytes"] = now.usage->file_bytes;
        json["map_bytes"] = now.usage->map_bytes;
        json["commits"] = now.usage->commits;
    }
    json["refusal"] = now.refusal.empty() ? Json() : Json(now.refusal);
    if (now.census)
        json["census"] = {{"rows", now.census->rows},
                          {"removed_rows", now.census->removed},
                          {"rows_in_conflict", now.census->conflicts},
                          {"siblings", now.census->siblings},
                          {"ended", time_json(now.census->ended_ms)},
                          {"took_ms", now.census->took_ms}};
    return json;
}

Json backup_json(const BackupRecord& record) {
    return {{"path", record.path},
            {"target", record.target},
            {"last_success", time_json(record.success_ms)},
            {"full", record.full},
            {"bytes", record.bytes},
            {"failing", record.failing()},
            {"error", record.error_ms == 0 ? Json() : Json(record.error)},
            {"error_time", time_json(record.error_ms)},
            {"next", time_json(record.next_ms)}};
}

}  // namespace

std::string status_json(const Observation& now) {
    Json backups = Json::array();
    for (const BackupRecord& record : now.backups) backups.push_back(backup_json(record));
    const std::string sick = why_unhealthy(now);
    const Json json = {
        {"version", now.version},
        {"started", time_json(now.started_ms)},
        {"now", time_json(now.wall_ms)},
        {"healthy", sick.empty()},
        {"not_ready_because", why_not_ready(now)},
        {"loop_idle_ms", now.loop_idle_ms},
        {"loop_longest_turn_ms", now.loop_longest_turn_ms},
        {"loop_longest_turn_of_minute_ms", now.loop_longest_turn_of_minute_ms},
        {"draining", now.draining},
        {"resident_bytes", now.resident_bytes},
        {"store", store_json(now)},
        {"replication", now.replication ? replication_json(*now.replication) : Json()},
        {"membership", now.membership ? membership_json(*now.membership) : Json()},
        {"backups", std::move(backups)}};
    // Texts that are not UTF-8 (paths may be anything) are shown with the bad bytes replaced.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace kigumi::http
