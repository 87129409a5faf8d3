#include "hostile/attack.hpp"
#include "hostile/forge.hpp"

/// As much as goes through, of messages that are in order or not.
namespace kigumi::hostile {
namespace {

void say_often(Peer& peer, int times, const std::function<wire::Message(int)>& what) {
    const Target& target = peer.target();
    const auto channel = peer.greet(target, peer.self());
    for (int i = 0; i < times && peer.going_on(); ++i)
        if (!channel->send(what(i))) break;
    channel->receive(Millis(100));
}

/// As one replica and then another, so that a link comes up and goes down each time.
void greetings(Peer& peer) {
    say_often(peer, 200'000, [&](int) -> wire::Message {
        return wire::Hello{wire::kProtocolVersion, peer.self(), false};
    });
}

/// Says goodbye each time, or is refused.
void partings(Peer& peer) {
    const Target& target = peer.target();
    for (int i = 0; i < 500 && peer.going_on(); ++i) {
        const auto link = peer.dial(target);
        for (int times = 0; times < 50; ++times) {
            link->Channel::send(wire::Hello{wire::kProtocolVersion, peer.self(), false});
            link->Channel::send(wire::Bye{});
        }
        link->Channel::send(wire::Hello{wire::kProtocolVersion, peer.self(), false, "elsewhere"});
        link->receive(Millis(5));
    }
}

void noise(Peer& peer) {
    const Target& target = peer.target();
    for (int i = 0; i < 40 && peer.going_on(); ++i) {
        const auto channel = peer.greet(target, peer.self());
        std::string bytes(peer.random().below(5'000), '\0');
        for (char& byte : bytes) byte = static_cast<char>(peer.random().next());
        for (int times = 0; times < 50; ++times) channel->send(bytes);
    }
}

void audits(Peer& peer) {
    const VersionVector far = wide(peer.random(), 2'000);
    say_often(peer, 5'000, [&](int i) -> wire::Message {
        const auto number = static_cast<std::uint64_t>(i);
        const std::string bucket = i % 4 == 3 ? kSigned : kPlain;
        // As if it had seen everything, so that rows are compared and sent.
        return wire::Audit{
            bucket, number, {}, {}, i % 8 == 0 ? far : huge(peer.target().version(bucket)),
            number, number};
    });
}

void pulls(Peer& peer) {
    say_often(peer, 2'000, [&](int i) -> wire::Message {
        return wire::Pull{
            i % 4 == 3 ? kSigned : kPlain, static_cast<std::uint64_t>(i), {}, kHuge, std::nullopt};
    });
}

void pulls_on_many_links(Peer& peer) {
    const Target& target = peer.target();
    std::vector<std::unique_ptr<Link>> links;
    for (int i = 0; i < 60 && peer.going_on(); ++i) {
        links.push_back(peer.dial(target));
        links.back()->Channel::send(wire::Hello{wire::kProtocolVersion, peer.self(), false});
        for (std::uint64_t session = 0; session < 8; ++session)
            links.back()->Channel::send(wire::Pull{kPlain, session, {}, kHuge, std::nullopt});
    }
    // Nobody reads what comes.
    while (peer.going_on() && links.back()->receive(Millis(50))) {
    }
}

void credit(Peer& peer) {
    say_often(peer, 20'000, [&](int i) -> wire::Message {
        if (i % 2 == 0) return wire::Credit{static_cast<std::uint64_t>(i % 16), kHuge};
        return wire::Cancel{static_cast<std::uint64_t>(i % 16), "enough"};
    });
}

/// "Send me nothing of anybody", and then everything whole.
void prunes(Peer& peer) {
    say_often(peer, 3'000, [&](int i) -> wire::Message {
        if (i % 2 == 0) return wire::SayWhole{kPlain};
        wire::Prune prune{i % 4 == 1 ? kPlain : kSigned, {}};
        for (const Target& target : peer.targets()) prune.origins.push_back(target.replica);
        for (int n = 0; n < 200; ++n)
            prune.origins.push_back(ReplicaId(
                ReplicaId::Bytes{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(n), 1}));
        return prune;
    });
}

void wide_digests(Peer& peer) {
    const VersionVector far = wide(peer.random(), 20'000);
    say_often(peer, 100, [&](int i) -> wire::Message {
        return wire::Digest{{{i % 2 == 0 ? kPlain : "wide" + std::to_string(i % 16), far}}};
    });
}

/// Pushes of which each waits for something that never comes.
void uncaused_pushes(Peer& peer) {
    const ReplicaId never = peer.fresh_id();
    const ReplicaId self = peer.self();
    say_often(peer, 200, [&](int i) -> wire::Message {
        wire::Push push;
        push.bucket = kPlain;
        push.base = {{self, static_cast<std::uint64_t>(i) + 1}, {never, 1}};
        push.version = raised(push.base, self);
        push.batch = encode_batch({row_of("hostile", Type::kRegister, {self, push.version[self]},
                                          Value(std::string(500'000, 'x')))});
        return push;
    });
}

}  // namespace

std::vector<Attack> flood_attacks() {
    return {{"flood-greetings", Right::kNone, greetings},
            {"flood-partings", Right::kNone, partings},
            {"flood-noise", Right::kNone, noise},
            {"flood-audits", Right::kRead, audits},
            {"flood-pulls", Right::kRead, pulls},
            {"flood-pulls-on-many-links", Right::kRead, pulls_on_many_links},
            {"flood-credit", Right::kRead, credit},
            {"flood-prunes", Right::kRead, prunes},
            {"flood-wide-digests", Right::kNone, wide_digests},
            {"flood-uncaused-pushes", Right::kWrite, uncaused_pushes}};
}

}  // namespace kigumi::hostile
