#include "hostile/forge.hpp"

#include "kigumi/crdt/path.hpp"

namespace kigumi::hostile {

VersionVector huge(const VersionVector& version) {
    VersionVector all;
    for (const auto& [origin, counter] : version) all.raise(origin, kHuge);
    return all;
}

VersionVector raised(VersionVector version, const ReplicaId& origin, std::uint64_t by) {
    version.raise(origin, version[origin] + by);
    return version;
}

VersionVector wide(sim::Random& random, std::size_t origins) {
    VersionVector all;
    for (std::size_t i = 0; i < origins; ++i) {
        ReplicaId::Bytes id{};
        // Ascending, or building it takes for ever.
        id[0] = static_cast<std::uint8_t>(i >> 8);
        id[1] = static_cast<std::uint8_t>(i);
        for (std::size_t at = 2; at < id.size(); ++at)
            id[at] = static_cast<std::uint8_t>(random.next());
        all.raise(ReplicaId(id), 1 + random.below(1'000'000));
    }
    return all;
}

KeyedRow row_of(const std::string& key, Type type, const Dot& dot, Payload payload) {
    Row row;
    row.insert({dot, Hlc::at_ms(1), std::move(payload)});
    return {{key, type, {}}, row};
}

KeyedRow member_of(const std::string& key, std::uint64_t member, const Dot& dot) {
    KeyedRow keyed = row_of(key, Type::kSet, dot, Value(true));
    path::append(keyed.at.path, Value(static_cast<std::int64_t>(member)));
    return keyed;
}

std::string many_rows(const std::string& key, const ReplicaId& origin, std::uint64_t first,
                      std::size_t rows) {
    std::vector<KeyedRow> all;
    all.reserve(rows);
    for (std::size_t i = 0; i < rows; ++i)
        all.push_back(member_of(key, first + i, {origin, first + i}));
    return encode_batch(all);
}

wire::Push own_push(const Target& target, const std::string& bucket, const ReplicaId& self,
                    std::uint64_t events) {
    wire::Push push;
    push.bucket = bucket;
    push.base = target.version(bucket);
    push.version = raised(push.base, self, events);
    return push;
}

std::optional<wire::Pull> lure(Channel& channel, const Target& target, const std::string& bucket,
                               const ReplicaId& self, std::uint64_t events) {
    // What it had seen a moment ago may be too little for a pull that has begun meanwhile.
    for (int attempt = 0; attempt < 3; ++attempt) {
        channel.send(wire::Digest{{{bucket, raised(target.version(bucket), self, events)}}});
        auto pull = channel.await<wire::Pull>(Millis(400));
        if (pull && pull->bucket == bucket) return pull;
    }
    return std::nullopt;
}

}  // namespace kigumi::hostile
