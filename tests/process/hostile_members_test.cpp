#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <fstream>
#include <set>

#include "kigumi/replication/members.hpp"
#include "membership_messages.hpp"
#include "process/locked.hpp"

/// What one listed key can do to who is there, who is waited for and who counts: next to nothing.
namespace kigumi {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace membership;

/// Accepts connections on every loopback address, and remembers to which they were made.
class Listener {
  public:
    Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        socklen_t size = sizeof name;
        EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&name), size), 0);
        EXPECT_EQ(listen(fd_, 512), 0);
        getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size);
        port_ = ntohs(name.sin_port);
    }
    ~Listener() {
        for (const int fd : accepted_) close(fd);
        close(fd_);
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// One of its addresses, by a number below 65,000.
    std::string address(std::size_t number) const {
        return "127.0." + std::to_string(1 + number / 250) + "." +
               std::to_string(1 + number % 250) + ":" + std::to_string(port_);
    }
    /// The addresses to which somebody has connected, after looking for `limit`.
    const std::set<std::uint32_t>& dialled(milliseconds limit) {
        const auto end = std::chrono::steady_clock::now() + limit;
        do {
            for (int fd = 0; (fd = accept(fd_, nullptr, nullptr)) >= 0;) {
                sockaddr_in name{};
                socklen_t size = sizeof name;
                getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
                dialled_.insert(name.sin_addr.s_addr);
                accepted_.push_back(fd);
            }
            sleep_for_ms(20);
        } while (std::chrono::steady_clock::now() < end);
        return dialled_;
    }

  private:
    int fd_;
    std::uint16_t port_ = 0;
    std::set<std::uint32_t> dialled_;
    std::vector<int> accepted_;
};

class HostileMembers : public LockedTest {
  protected:
    /// A connection to a site's failure detector, by the holder of a key.
    struct Voice {
        Guest guest;
        Contact self;
        Site& to;
        std::uint64_t number = 0;
        std::uint64_t incarnation = 1'000;
    };
    Voice& make_voice(Site& to, const Key& server, const Key& key, const ReplicaId& as) {
        return voices_.emplace_back(Voice{Guest(context_, to.address(), key, server),
                                          {as, "127.0.0.1:1", key.text(), false},
                                          to});
    }
    static void say(Voice& voice, std::vector<Claim> claims, Body body = Gossip{}) {
        voice.guest.socket().send(zmq::buffer(encode({voice.self, voice.incarnation,
                                                      std::move(body), std::move(claims)})),
                                  zmq::send_flags::none);
    }
    /// Says it and waits until it has been heard.
    static void tell(Voice& voice, const std::vector<Claim>& claims, const Body& body = Gossip{}) {
        say(voice, claims, body);
        const ReplicaId target = voice.to.store().replica().value();
        const std::uint64_t number = ++voice.number;
        EXPECT_TRUE(eventually(seconds(20), [&] {
            say(voice, {}, Ping{number, target});
            for (zmq::message_t frame; voice.guest.socket().recv(frame);) {
                const auto message = decode(frame.to_string_view());
                const auto* const ack = message ? std::get_if<Ack>(&message->body) : nullptr;
                if (ack != nullptr && ack->number == number) return true;
            }
            return false;
        })) << voice.to.daemon().output();
    }
    static Contact contact_of(Site& site, const Key& key) {
        return {site.store().replica().value(), site.address(), key.text(), false};
    }
    static std::string opinion(Site& observer, Site& subject) {
        const ReplicaId replica = subject.store().replica().value();
        for (const ContactRecord& contact : observer.store().contacts().value())
            if (contact.replica == replica) return contact.opinion;
        return "";
    }
    static std::size_t removed(Site& site) { return site.store().read()->count_removed().value(); }
    static std::uintmax_t file_bytes(Site& site) {
        return std::filesystem::file_size(site.directory() / "data.mdb");
    }

    std::deque<Voice> voices_;
};

TEST_F(HostileMembers, HonestNodesFindEachOtherThroughOneAllTheSame) {
    constexpr std::size_t kNodes = 5;
    for (std::size_t i = 0; i < kNodes; ++i) make_key();
    for (std::size_t i = 0; i < kNodes; ++i) {
        std::vector<std::string> allow;
        // The last one is at the edge: it may not gossip.
        for (std::size_t other = 0; other < kNodes; ++other)
            if (other != i)
                allow.push_back(keys_[other].text() + (other + 1 == kNodes ? "=read+write" : ""));
        start_site(keys_[i], allow,
                   i == 0 ? std::vector<std::string>()
                          : std::vector{keys_[0].text() + "@" + sites_[0].address()});
    }
    for (Site& observer : sites_)
        for (Site& subject : sites_) {
            if (&observer == &subject) continue;
            EXPECT_TRUE(eventually(seconds(30), [&] {
                return opinion(observer, subject) == "alive";
            })) << observer.daemon().output();
        }
    for (std::size_t i = 0; i < kNodes; ++i) sites_[i].add("members", static_cast<int>(i));
    expect_converged(seconds(30));
    EXPECT_EQ(sites_[0].size("members"), kNodes);
    sites_[0].daemon().kill();
    sites_[1].add("members", 99);
    std::vector<Site*> left;
    for (std::size_t i = 1; i < kNodes; ++i) left.push_back(&sites_[i]);
    expect_converged(left, seconds(30));
}

TEST_F(HostileMembers, AReaderCannotSayThatOthersHaveLeft) {
    const Key& one = make_key();
    const Key& two = make_key();
    const Key& thief = make_key();
    Site& a = start_site(one, {two.text(), thief.text() + "=read"});
    Site& b =
        start_site(two, {one.text(), thief.text() + "=read"}, {one.text() + "@" + a.address()});
    ASSERT_TRUE(eventually(seconds(20), [&] {
        return opinion(a, b) == "alive" && opinion(b, a) == "alive";
    })) << a.daemon().output();
    Voice& to_a = make_voice(a, one, thief, made_up(1));
    Voice& to_b = make_voice(b, two, thief, made_up(1));
    const Contact of_a = contact_of(a, one);
    const Contact of_b = contact_of(b, two);
    for (const std::uint64_t incarnation :
         {kMaxIncarnation, kMaxIncarnation / 2, a.store().wall_ms() + 1'000}) {
        for (Voice* const voice : {&to_a, &to_b})
            tell(*voice, {{of_a, incarnation, Liveness::kLeft, {}},
                          {of_b, incarnation, Liveness::kLeft, {}}});
    }
    sleep_for_ms(1'500);
    for (Site* const site : {&a, &b})
        for (const char* const event : {"event=member.left", "event=member.down"})
            EXPECT_EQ(times(*site, event), 0U) << site->daemon().output();
    a.add("members", 1);
    b.add("members", 2);
    expect_converged();
}

TEST_F(HostileMembers, WhatAPeerThatMayGossipSaysCanBeDenied) {
    const Key& one = make_key();
    const Key& two = make_key();
    const Key& slanderer = make_key();
    Site& a = start_site(one, {two.text(), slanderer.text() + "=read+gossip"});
    Site& b = start_site(two, {one.text()}, {one.text() + "@" + a.address()});
    ASSERT_TRUE(eventually(seconds(20), [&] { return opinion(a, b) == "alive"; }));
    Voice& voice = make_voice(a, one, slanderer, made_up(1));
    // As high as it goes: what it says of its own clock is believed.
    voice.incarnation = kMaxIncarnation - 1;
    for (const std::uint64_t told :
         {kMaxIncarnation, kMaxIncarnation / 2, kMaxIncarnation / 2 + 900})
        tell(voice, {{contact_of(b, two), told, Liveness::kLeft, {}}});
    EXPECT_NE(a.daemon().wait_for_output("event=member.left replica=" +
                                         b.store().replica().value().hex()),
              "")
        << "it may say so";
    EXPECT_TRUE(eventually(seconds(30), [&] { return opinion(a, b) == "alive"; }))
        << a.daemon().output();
    b.add("members", 2);
    expect_converged();
}

TEST_F(HostileMembers, OnlyHoldersOfListedKeysAreDialled) {
    const Key& one = make_key();
    const Key& gossip = make_key();
    const Key& unlisted = make_key();
    Listener listener;
    Site& a = start_site(one, {gossip.text()});
    Voice& voice = make_voice(a, one, gossip, made_up(1));
    std::vector<Claim> claims;
    for (std::uint8_t i = 0; i < 40; ++i)
        claims.push_back(
            {{made_up(i + 10), listener.address(i), i % 2 == 0 ? "" : unlisted.text(), false},
             a.store().wall_ms(),
             Liveness::kAlive,
             {}});
    for (int i = 0; i < 5; ++i) {
        tell(voice, claims);
        tell(voice, {}, PingFor{7, claims[static_cast<std::size_t>(i)].contact});
    }
    EXPECT_TRUE(listener.dialled(seconds(5)).empty());
    for (const ContactRecord& contact : a.store().contacts().value())
        EXPECT_EQ(contact.key, gossip.text()) << contact.address;
    // Nor after a restart, from what it remembers.
    a.daemon().kill();
    restart(a, one, {gossip.text()});
    EXPECT_TRUE(listener.dialled(seconds(3)).empty());
}

TEST_F(HostileMembers, AReaderThatIsEverElsewhereIsDialledNowAndThen) {
    const Key& one = make_key();
    const Key& thief = make_key();
    Listener listener;
    Site& a = start_site(one, {thief.text() + "=read"});
    Voice& voice = make_voice(a, one, thief, made_up(1));
    const auto begun = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < 200; ++i) {
        voice.self.address = listener.address(i);
        ++voice.incarnation;
        // It falls silent for a while, so that a new way to it is looked for.
        say(voice, {});
        listener.dialled(milliseconds(60));
    }
    const auto dialled = listener.dialled(seconds(4)).size();
    const auto passed = std::chrono::steady_clock::now() - begun;
    const auto allowed =
        static_cast<std::size_t>(8 + std::chrono::duration_cast<seconds>(passed).count() / 10 + 1);
    EXPECT_LE(dialled, allowed);
    EXPECT_GE(dialled, 1U) << "it is looked for where it says to be";
}

TEST_F(HostileMembers, OneReaderCountsOnceHoweverManyItSaysToBe) {
    const Key& one = make_key();
    const Key& two = make_key();
    const Key& thief = make_key();
    Site& a = start_site(one, {two.text(), thief.text() + "=read"});
    a.add("members", 1);
    const VersionVector version = a.version();
    std::deque<Guest> guests;
    for (std::uint8_t i = 1; i <= 5; ++i) {
        Guest& guest = guests.emplace_back(context_, a.address(), thief, one);
        ASSERT_TRUE(guest.is_answered(made_up(i)));
        guest.send(wire::Digest{{{std::string(kDefaultBucket), version}}});
    }
    const auto waited = a.store().wait_confirmed(kDefaultBucket, version, 2, seconds(5));
    ASSERT_FALSE(waited) << "it is " << *waited;
    EXPECT_NE(waited.error().message.find("1 of 2 peers confirmed"), std::string::npos)
        << waited.error().message;
    // An honest peer is the second.
    start_site(two, {one.text()}, {one.text() + "@" + a.address()});
    const auto both = a.store().wait_confirmed(kDefaultBucket, version, 2, seconds(30));
    EXPECT_TRUE(both) << both.error().message;
}

TEST_F(HostileMembers, AReaderThatIsManyLeavesLittleAndHoldsNothingUp) {
    const Key& one = make_key();
    const Key& two = make_key();
    const Key& thief = make_key();
    Site& a = start_site(one, {two.text(), thief.text() + "=read"});
    Site& b = start_site(two, {one.text()}, {one.text() + "@" + a.address()});
    a.add("members", 1);
    expect_converged();
    const std::uintmax_t before = file_bytes(a);
    VersionVector wide;
    for (unsigned i = 0; i < 20'000; ++i)
        wide.raise(ReplicaId(ReplicaId::Bytes{0xDD, static_cast<std::uint8_t>(i >> 8),
                                              static_cast<std::uint8_t>(i)}),
                   1);
    Guest guest(context_, a.address(), thief, one);
    ASSERT_TRUE(guest.is_answered(made_up(1)));
    for (unsigned i = 0; i < 300; ++i) {
        const ReplicaId id(ReplicaId::Bytes{0xCC, static_cast<std::uint8_t>(i >> 8),
                                            static_cast<std::uint8_t>(i)});
        guest.greet(id);
        guest.send(wire::Digest{{{std::string(kDefaultBucket), wide}}});
        if (i % 10 == 0) sleep_for_ms(100);
    }
    // It stays, and says nothing more.
    std::deque<Guest> silent;
    for (std::uint8_t i = 1; i <= 8; ++i) {
        Guest& other = silent.emplace_back(context_, a.address(), thief, one);
        other.greet(made_up(i));
    }
    sleep_for_ms(2'000);
    a.remove("members", 1);
    a.remove("members", 2);
    b.add("members", 3);
    EXPECT_TRUE(eventually(seconds(40), [&] { return removed(a) == 0 && removed(b) == 0; }))
        << removed(a) << " and " << removed(b) << " removed rows are left";
    expect_converged();
    std::size_t ghosts = 0;
    for (const PeerRecord& record : a.store().peers(kDefaultBucket).value()) {
        EXPECT_LE(record.acknowledged.size(), 3U);
        if (record.replica != b.store().replica().value()) ++ghosts;
    }
    EXPECT_LE(ghosts, 8U);
    EXPECT_LT(file_bytes(a), before + (std::uintmax_t{8} << 20));
    EXPECT_LT(a.peak_memory_kib(), std::uint64_t{128} << 10);
}

TEST_F(HostileMembers, AClaimThatCannotBeSavedIsRefusedUntilItCan) {
    const Key& one = make_key();
    const Key& two = make_key();
    const Key& thief = make_key();
    Site& a = start_site(one, {two.text(), thief.text()});
    // What stands in the way of the file, whoever the daemon runs as.
    const auto in_the_way = a.directory() / "kigumid.claims.new";
    std::filesystem::create_directory(in_the_way);
    Guest owner(context_, a.address(), two, one);
    EXPECT_FALSE(owner.is_answered(made_up(2)));
    EXPECT_NE(a.daemon().wait_for_output("event=claim.failed"), "");
    EXPECT_NE(a.daemon().output().find("cannot be saved"), std::string::npos);
    std::filesystem::remove(in_the_way);
    EXPECT_TRUE(owner.is_answered(made_up(2)));
    // So it is remembered.
    a.daemon().kill();
    restart(a, one, {two.text(), thief.text()});
    Guest liar(context_, a.address(), thief, one);
    EXPECT_FALSE(liar.is_answered(made_up(2)));
}

TEST_F(HostileMembers, AKeyCannotBeEverNewReplicas) {
    const Key& one = make_key();
    const Key& thief = make_key();
    Site& a = start_site(one, {thief.text() + "=read"});
    Guest guest(context_, a.address(), thief, one);
    ASSERT_TRUE(guest.is_answered(made_up(1)));
    for (unsigned i = 0; i < 2'000; ++i)
        guest.greet(ReplicaId(ReplicaId::Bytes{0xCC, static_cast<std::uint8_t>(i >> 8),
                                               static_cast<std::uint8_t>(i)}));
    const auto claims = [&] {
        std::ifstream file(a.directory() / "kigumid.claims");
        std::size_t lines = 0;
        for (std::string line; std::getline(file, line);) ++lines;
        return lines;
    };
    // A heading, sixteen at once, and one a minute.
    EXPECT_TRUE(eventually(seconds(20), [&] { return claims() >= 17; })) << claims();
    sleep_for_ms(2'000);
    EXPECT_LE(claims(), 20U);
    ASSERT_TRUE(guest.is_answered(made_up(1))) << "what it is already it may be";
}

}  // namespace
}  // namespace kigumi
