#include <thread>

#include "kigumi/crdt/json.hpp"
#include "node.hpp"
#include "patience.hpp"

using namespace kigumi;

namespace {

// It notices within a turn of the node's loop, which is as long.
constexpr std::chrono::milliseconds kLookAgain(20);

Value number(std::uint64_t value) { return Value(static_cast<std::int64_t>(value)); }
Value text_of(const std::optional<ReplicaId>& replica) {
    return replica ? Value(replica->hex()) : Value();
}

Value link_value(const LinkStatus& link) {
    Object object;
    object.emplace("replica", text_of(link.replica));
    object.emplace("address", Value(link.address));
    object.emplace("dialled", Value(link.dialled));
    object.emplace("up", Value(link.up));
    object.emplace("changed_ms", number(link.changed_ms));
    object.emplace("round_trip_ms",
                   link.round_trip.samples == 0 ? Value() : Value(link.round_trip.mean_ms));
    object.emplace("breaker", Value(name_of(link.breaker.state)));
    object.emplace("bytes_in", number(link.traffic.bytes_in));
    object.emplace("bytes_out", number(link.traffic.bytes_out));
    object.emplace("waiting_bytes", number(link.in_flight_bytes + link.queued_bytes));
    return Value(std::move(object));
}

Value bucket_value(const BucketStatus& bucket) {
    Array peers;
    for (const BucketPeerStatus& peer : bucket.peers) {
        Object object;
        object.emplace("replica", Value(peer.replica.hex()));
        object.emplace("lag", number(peer.lag.events));
        peers.emplace_back(std::move(object));
    }
    Object object;
    object.emplace("name", Value(bucket.name));
    object.emplace("peers", Value(std::move(peers)));
    object.emplace("pulling", Value(bucket.pulling));
    object.emplace("differences", number(bucket.differences));
    return Value(std::move(object));
}

Value node_value(const Node& node, const ReplicatorStatus& status) {
    Array links;
    for (const LinkStatus& link : status.links) links.push_back(link_value(link));
    Array buckets;
    for (const BucketStatus& bucket : status.buckets) buckets.push_back(bucket_value(bucket));
    Object object;
    object.emplace("replica", Value(status.replica.hex()));
    object.emplace("address", Value(node.address()));
    object.emplace("idle_ms", number(node.idle_ms()));
    object.emplace("links", Value(std::move(links)));
    object.emplace("buckets", Value(std::move(buckets)));
    object.emplace("refused_peers", number(status.counters.refused_peers));
    object.emplace("denied", number(status.counters.denied));
    object.emplace("buffered_bytes", number(status.buffered_bytes));
    return Value(std::move(object));
}

}  // namespace

const char* kigumi_node_address(const kigumi_node* node) {
    return node == nullptr ? nullptr : node->node->address().c_str();
}

kigumi_status kigumi_node_status_copy(kigumi_node* node, char** json) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(node));
        KIGUMI_CHECK(c::require(json, "json"));
        KIGUMI_TRY(const ReplicatorStatus status, node->node->status());
        KIGUMI_TRY(*json, c::copy_of(to_json(node_value(*node->node, status))));
        return {};
    });
}

kigumi_status kigumi_node_set_allowed(kigumi_node* node, const char* const* allow,
                                      size_t allow_count) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(node));
        KIGUMI_TRY(const auto list, c::texts(allow, allow_count, "allow"));
        return node->node->set_allowed(list);
    });
}

kigumi_status kigumi_node_drain(kigumi_node* node, int64_t timeout_ms) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(node));
        const auto end = std::chrono::steady_clock::now() + c::patience(timeout_ms);
        node->node->drain();
        while (!node->node->drained()) {
            if (std::chrono::steady_clock::now() >= end)
                return fail(
                    ErrorCode::kNotYet,
                    "not every neighbour has confirmed all that this node holds; wait longer, "
                    "or stop: the next start brings the rest");
            std::this_thread::sleep_for(kLookAgain);
        }
        return {};
    });
}
