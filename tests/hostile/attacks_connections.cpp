#include "hostile/attack.hpp"
#include "hostile/forge.hpp"
#include "hostile/tcp.hpp"
#include "support/process.hpp"

/// Connections: too many, half a message on each, and ones that stay once they were refused.
namespace kigumi::hostile {
namespace {

constexpr std::size_t kHalfBytes = 15'000'000;

void hold(Peer& peer, Millis limit) {
    const auto end = Peer::Clock::now() + limit;
    while (peer.going_on() && Peer::Clock::now() < end) sleep_for_ms(20);
}

/// Does no harm, so that a round of this alone shows what the harness itself sees.
void rest(Peer& peer) {
    const auto channel = peer.greet(peer.target(), peer.self());
    hold(peer, Millis(1'000));
}

void many_links(Peer& peer) {
    const Target& target = peer.target();
    std::vector<std::unique_ptr<Link>> links;
    for (int i = 0; i < 250 && peer.going_on(); ++i) {
        links.push_back(peer.dial(target));
        links.back()->Channel::send(wire::Hello{wire::kProtocolVersion, peer.self(), false});
    }
    hold(peer, Millis(2'000));
}

/// Malformed messages make the node close a link; the connection stays open on this side.
void refused_links(Peer& peer) {
    const Target& target = peer.target();
    std::vector<std::unique_ptr<Link>> links;
    for (int i = 0; i < 400 && peer.going_on(); ++i) {
        links.push_back(peer.dial(target));
        links.back()->Channel::send(wire::Hello{wire::kProtocolVersion, peer.self(), false});
        links.back()->send(std::string_view("no message at all"));
        if (i % 50 == 49) hold(peer, Millis(200));
    }
    hold(peer, Millis(2'000));
}

void half_messages(Peer& peer) {
    const Target& target = peer.target();
    Valve valve(port_of(target.address), kHalfBytes);
    Target behind = target;
    behind.address = valve.address();
    static const std::string kPart(1'000'000, 'x');
    std::vector<std::unique_ptr<Link>> links;
    for (int i = 0; i < 120 && peer.going_on(); ++i) {
        links.push_back(peer.dial(behind));
        Link& link = *links.back();
        // Some are refused first, which must not take them out of the account.
        link.Channel::send(wire::Hello{wire::kProtocolVersion, peer.self(), false});
        if (i % 2 == 0) link.send(std::string_view("no message at all"));
        link.send_parts(kPart, 17);
    }
    hold(peer, Millis(3'000));
}

void handshakes(Peer& peer) {
    const Target& target = peer.target();
    std::string greeting("\xFF\0\0\0\0\0\0\0\1\x7F\3\0CURVE", 17);
    greeting.resize(64, '\0');
    std::vector<Socket> flood;
    for (int i = 0; i < 600 && peer.going_on(); ++i) {
        flood.emplace_back(port_of(target.address));
        if (i % 3 == 0) flood.back().send(greeting);
        if (i % 3 == 1) flood.back().send("GET / HTTP/1.1\r\n");
        if (flood.size() > 200) flood.erase(flood.begin());
    }
    hold(peer, Millis(500));
}

/// Comes and goes, as quickly as handshakes allow.
void reconnects(Peer& peer) {
    const Target& target = peer.target();
    for (int i = 0; i < 100 && peer.going_on(); ++i) {
        const auto link = peer.dial(target);
        link->Channel::send(wire::Hello{wire::kProtocolVersion, peer.self(), false});
        link->receive(Millis(20));
    }
}

}  // namespace

std::vector<Attack> connection_attacks() {
    return {{"rest", Right::kNone, rest},
            {"links-many", Right::kNone, many_links},
            {"links-refused", Right::kNone, refused_links},
            {"links-half-messages", Right::kNone, half_messages},
            {"handshakes", Right::kNone, handshakes},
            {"reconnects", Right::kNone, reconnects}};
}

}  // namespace kigumi::hostile
