#include "hostile/attack.hpp"
#include "hostile/forge.hpp"

/// Buckets that nobody else has.
namespace kigumi::hostile {
namespace {

void invented_by_digest(Peer& peer) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    for (int round = 0; round < 4 && peer.going_on(); ++round) {
        const auto channel = peer.greet(target, self);
        const std::string salt = peer.fresh_id().short_hex();
        for (int part = 0; part < 3 && peer.going_on(); ++part) {
            wire::Digest digest;
            for (int i = 0; i < 1'500; ++i)
                digest.versions.push_back({salt + std::to_string(part * 10'000 + i), {{self, 1}}});
            channel->send(digest);
        }
        channel->receive(Millis(100));
    }
}

void invented_by_push(Peer& peer) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    const auto channel = peer.greet(target, self);
    const std::string batch =
        encode_batch({row_of("hostile", Type::kRegister, {self, 1}, Value("bucket"))});
    // The same ones each time: what it may write it may keep.
    for (int i = 0; i < 300 && peer.going_on(); ++i)
        channel->send(wire::Push{"invented" + std::to_string(i), {}, {{self, 1}}, {}, batch});
    channel->receive(Millis(100));
}

void asked_for(Peer& peer) {
    const Target& target = peer.target();
    const auto channel = peer.greet(target, peer.self());
    for (std::uint64_t i = 0; i < 2'000 && peer.going_on(); ++i) {
        const std::string bucket = "none" + std::to_string(i);
        channel->send(wire::Pull{bucket, i, {}, kHuge, std::nullopt});
        channel->send(wire::Prune{bucket, {target.replica}});
        channel->send(wire::SayWhole{bucket});
        channel->send(wire::Audit{bucket, i, {}, {}, {}, i, i});
    }
    channel->receive(Millis(100));
}

}  // namespace

std::vector<Attack> bucket_attacks() {
    return {{"buckets-in-digests", Right::kNone, invented_by_digest},
            {"buckets-in-pushes", Right::kWrite, invented_by_push},
            {"buckets-asked-for", Right::kNone, asked_for}};
}

}  // namespace kigumi::hostile
