#include "hostile/attack.hpp"
#include "hostile/forge.hpp"

/// Replica ids without number, and acknowledgements in their names.
namespace kigumi::hostile {
namespace {

void many_ids(Peer& peer) {
    const Target& target = peer.target();
    const auto link = peer.dial(target);
    for (int i = 0; i < 300 && peer.going_on(); ++i) {
        link->Channel::send(wire::Hello{wire::kProtocolVersion, peer.fresh_id(), false});
        link->Channel::send(
            wire::Digest{{{kPlain, target.version(kPlain)}, {kSigned, target.version(kSigned)}}});
        link->receive(Millis(5));
    }
}

/// Each of many ids has seen what nobody knows of, in vectors as wide as a message.
void wide_acknowledgements(Peer& peer) {
    const Target& target = peer.target();
    const auto link = peer.dial(target);
    VersionVector far = wide(peer.random(), 20'000);
    far.merge(target.version(kPlain));
    for (int i = 0; i < 60 && peer.going_on(); ++i) {
        const ReplicaId self = peer.fresh_id();
        link->Channel::send(wire::Hello{wire::kProtocolVersion, self, false});
        link->Channel::send(wire::Digest{{{kPlain, far}}});
        link->Channel::send(wire::Hearsay{kPlain, {{self, far}}});
        link->receive(Millis(20));
    }
}

/// Five links say to be five replicas that hold everything. A writer that waits for five must not
/// be told that it has them: there are the other honest node and this key.
void five_ids(Peer& peer) {
    const Target& target = peer.target();
    std::vector<std::unique_ptr<Link>> links;
    std::vector<ReplicaId> ids;
    for (int i = 0; i < 5; ++i) {
        ids.push_back(peer.fresh_id());
        links.push_back(peer.dial(target));
        links.back()->Channel::send(wire::Hello{wire::kProtocolVersion, ids.back(), false});
        links.back()->await<wire::Hello>(Millis(500));
    }
    const VersionVector asked = target.version(kPlain);
    for (int round = 0; round < 5 && peer.going_on(); ++round) {
        for (const auto& link : links)
            link->Channel::send(wire::Digest{{{kPlain, target.version(kPlain)}}});
        const auto confirmed = target.store->wait_confirmed(kPlain, asked, 5, Millis(200));
        if (confirmed)
            return peer.found("one key has confirmed a write as " + std::to_string(*confirmed) +
                              " replicas");
    }
}

}  // namespace

std::vector<Attack> identity_attacks() {
    return {{"ids-many", Right::kRead, many_ids},
            {"ids-wide-acknowledgements", Right::kRead, wide_acknowledgements},
            {"ids-five-confirm", Right::kRead, five_ids}};
}

}  // namespace kigumi::hostile
