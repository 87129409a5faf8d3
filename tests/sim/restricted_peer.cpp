#include "restricted_peer.hpp"

#include "kigumi/replication/batch.hpp"
#include "protocol/messages.hpp"

namespace kigumi::sim {
namespace {

bool drop_contributions(std::string& batch, const RestrictedPeer& peer) {
    const auto rows = decode_batch(batch);
    if (!rows) return false;
    std::vector<KeyedRow> kept;
    bool dropped = false;
    for (const KeyedRow& keyed : *rows) {
        KeyedRow part{keyed.at, {}};
        for (const Write& write : keyed.row) {
            const bool drop =
                std::holds_alternative<Tally>(write.payload) && !peer.owns(write.dot.origin);
            dropped = dropped || drop;
            if (!drop) part.row.insert(write);
        }
        if (!part.row.empty()) kept.push_back(std::move(part));
    }
    if (dropped) batch = encode_batch(kept);
    return dropped;
}

bool raise_floor(wire::Push& push) {
    if (push.floor == push.base) return false;
    push.floor = push.base;
    return true;
}

bool raise_floor(wire::Done& done) {
    if (done.floor == done.version) return false;
    done.floor = done.version;
    return true;
}

}  // namespace

std::optional<std::string> tampered(const std::string& message, const RestrictedPeer& peer,
                                    Random& random) {
    auto decoded = wire::decode(message);
    if (!decoded) return std::nullopt;
    const bool floors = random.chance(50);
    const bool changed = std::visit(
        [&](auto& body) {
            if constexpr (requires { raise_floor(body); })
                if (floors) return raise_floor(body);
            if constexpr (requires { body.batch; }) return drop_contributions(body.batch, peer);
            if constexpr (requires { body.part; }) return drop_contributions(body.part, peer);
            return false;
        },
        *decoded);
    if (!changed) return std::nullopt;
    return wire::encode(*decoded);
}

}  // namespace kigumi::sim
