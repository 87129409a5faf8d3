#include "hostile/attack.hpp"
#include "hostile/forge.hpp"
#include "membership_messages.hpp"

/// Gossip on control connections.
namespace kigumi::hostile {
namespace {

namespace gossip = membership;

gossip::Contact contact(const ReplicaId& replica, const std::string& address,
                        const std::string& key) {
    return {replica, address, key, false};
}

gossip::Message message(Peer& peer, const ReplicaId& self) {
    gossip::Message message;
    message.sender = contact(self, peer.server().address(), peer.key().public_key().text());
    message.incarnation = 1;
    message.body = gossip::Gossip{};
    return message;
}

bool say(Link& link, const gossip::Message& message) { return link.send(encode(message)); }

/// The honest nodes have left, or are down, at incarnations that they cannot outbid.
void others_have_left(Peer& peer) {
    const ReplicaId self = peer.self();
    for (const Target& target : peer.targets()) {
        const auto link = peer.dial(target);
        for (int i = 0; i < 20 && peer.going_on(); ++i) {
            gossip::Message lies = message(peer, self);
            const std::uint64_t incarnation =
                gossip::kMaxIncarnation - static_cast<std::uint64_t>(i % 2);
            for (const Target& other : peer.targets()) {
                const auto of = contact(other.replica, other.address, other.key);
                lies.claims.push_back({of, incarnation, gossip::Liveness::kLeft, {}});
                lies.claims.push_back({of, incarnation, gossip::Liveness::kDown, {}});
                lies.claims.push_back({of, incarnation, gossip::Liveness::kSuspect, self});
            }
            if (i % 3 == 0) lies.body = gossip::Exchange{true};
            say(*link, lies);
            link->receive(Millis(30));
        }
    }
}

/// Members that do not exist, at an address that nobody listed has, and the honest nodes there too.
void foreign_contacts(Peer& peer) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    const auto link = peer.dial(target);
    const std::string trap = peer.trap().address();
    const std::string other_key = KeyPair::ephemeral().value().public_key().text();
    const std::size_t before = peer.trap().dialled();
    for (int i = 0; i < 40 && peer.going_on(); ++i) {
        gossip::Message lies = message(peer, self);
        lies.claims.push_back(
            {contact(peer.fresh_id(), trap, ""), 1, gossip::Liveness::kAlive, {}});
        lies.claims.push_back(
            {contact(peer.fresh_id(), trap, other_key), 1, gossip::Liveness::kAlive, {}});
        for (const Target& other : peer.targets())
            lies.claims.push_back({contact(other.replica, trap, other.key),
                                   gossip::kMaxIncarnation / 2,
                                   gossip::Liveness::kAlive,
                                   {}});
        if (i % 2 == 0)
            lies.body =
                gossip::PingFor{static_cast<std::uint64_t>(i), contact(peer.fresh_id(), trap, "")};
        say(*link, lies);
        link->receive(Millis(50));
        peer.trap().dialled();
    }
    const std::size_t dialled = peer.trap().dialled() - before;
    // Few: a listed key may say where it is itself, and change its mind.
    if (dialled > 5)
        peer.found("nodes have dialled an address of no listed key " + std::to_string(dialled) +
                   " times");
}

void many_members(Peer& peer) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    const auto link = peer.dial(target);
    for (int i = 0; i < 10 && peer.going_on(); ++i) {
        gossip::Message lies = message(peer, self);
        for (int n = 0; n < 3'000; ++n)
            lies.claims.push_back({contact(peer.fresh_id(), "127.0.0.1:1", ""),
                                   gossip::kMaxIncarnation,
                                   gossip::Liveness::kAlive,
                                   {}});
        lies.body = gossip::Exchange{true};
        say(*link, lies);
        link->receive(Millis(20));
    }
}

void pings(Peer& peer) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    const auto link = peer.dial(target);
    for (std::uint64_t i = 0; i < 20'000 && peer.going_on(); ++i) {
        gossip::Message ping = message(peer, self);
        ping.incarnation = i;
        if (i % 3 == 0) {
            ping.body = gossip::Ping{i, target.replica};
        } else if (i % 3 == 1) {
            ping.body =
                gossip::PingFor{i, contact(peer.targets()[0].replica, peer.targets()[0].address,
                                           peer.targets()[0].key)};
        } else {
            ping.body = gossip::Exchange{true};
        }
        if (!say(*link, ping)) break;
    }
}

/// In the name of an honest node.
void borrowed_names(Peer& peer) {
    const Target& target = peer.target();
    for (int i = 0; i < 20 && peer.going_on(); ++i) {
        const auto link = peer.dial(target);
        const Target& other = peer.target();
        gossip::Message lies = message(peer, other.replica);
        if (i % 2 == 0) lies.sender = contact(other.replica, other.address, other.key);
        lies.incarnation = gossip::kMaxIncarnation;
        lies.body = gossip::Exchange{true};
        say(*link, lies);
        link->receive(Millis(30));
        const auto data = peer.dial(target);
        data->Channel::send(wire::Hello{wire::kProtocolVersion, other.replica, false});
        data->receive(Millis(30));
    }
}

}  // namespace

std::vector<Attack> membership_attacks() {
    return {{"gossip-others-left", Right::kNone, others_have_left},
            {"gossip-foreign-contacts", Right::kNone, foreign_contacts},
            {"gossip-many-members", Right::kNone, many_members},
            {"gossip-pings", Right::kNone, pings},
            {"gossip-borrowed-names", Right::kNone, borrowed_names}};
}

}  // namespace kigumi::hostile
