#include "handles.hpp"
#include "kigumi/crdt/json.hpp"

using namespace kigumi;

namespace {

Value number(std::uint64_t value) { return Value(static_cast<std::int64_t>(value)); }

Value vector_value(const VersionVector& version) {
    Object object;
    for (const auto& [origin, counter] : version) object.emplace(origin.hex(), number(counter));
    return Value(std::move(object));
}

Value peer_value(const PeerRecord& peer, const VersionVector& version) {
    Object object;
    object.emplace("replica", Value(peer.replica.hex()));
    object.emplace("address", Value(peer.address));
    object.emplace("connected", Value(peer.connected));
    object.emplace("acknowledged", vector_value(peer.acknowledged));
    object.emplace("lag", number(events_missing(peer.acknowledged, version)));
    return Value(std::move(object));
}

Result<Value> status_of(kigumi_store& handle, std::string_view bucket) {
    Store& store = *handle.store;
    Object status;
    KIGUMI_TRY(const ReplicaId replica, store.replica());
    KIGUMI_TRY(const auto buckets, store.buckets());
    KIGUMI_TRY(const auto peers, store.peers(bucket));
    KIGUMI_TRY(const kv::Usage usage, store.usage());
    KIGUMI_TRY(const auto now, store.read(bucket));
    Array known;
    for (const PeerRecord& peer : peers) known.push_back(peer_value(peer, now.version()));
    const auto& renewed = store.renewed();
    status.emplace("replica", Value(replica.hex()));
    status.emplace("renewed", renewed ? Value(renewed->reason) : Value());
    status.emplace("directory", Value(handle.directory));
    status.emplace("buckets", Value(Array(buckets.begin(), buckets.end())));
    status.emplace("bucket", Value(bucket));
    status.emplace("version", vector_value(now.version()));
    status.emplace("peers", Value(std::move(known)));
    status.emplace("file_bytes", number(usage.file_bytes));
    status.emplace("map_bytes", number(usage.map_bytes));
    return Value(std::move(status));
}

}  // namespace

kigumi_status kigumi_store_status_copy(kigumi_store* store, const char* bucket, char** json) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        KIGUMI_CHECK(c::require(json, "json"));
        KIGUMI_TRY(const Value status, status_of(*store, c::bucket_of(bucket)));
        KIGUMI_TRY(*json, c::copy_of(to_json(status)));
        return {};
    });
}
