#include "protocol/acknowledgements.hpp"

#include <gtest/gtest.h>

#include "support/value_generators.hpp"

namespace kigumi {
namespace {

const ReplicaId kPeer = replica(1);
const ReplicaId kOther = replica(2);

VersionVector at(std::uint64_t peer, std::uint64_t other) {
    return {{kPeer, peer}, {kOther, other}};
}

VersionVector settled(const Acknowledgements& known) {
    const VersionVector* found = known.settled(kPeer);
    return found == nullptr ? VersionVector() : *found;
}

TEST(Acknowledgements, CountOnceEverythingTheySpeakOfIsHere) {
    Acknowledgements known({});
    EXPECT_EQ(known.settled(kPeer), nullptr);
    known.hear(kPeer, at(1, 0), at(1, 5), 10);
    EXPECT_EQ(settled(known), at(1, 0));
    EXPECT_EQ(known.all().at(kPeer).settled_ms, 10U);
    known.hear(kPeer, at(3, 5), at(2, 5), 20);
    EXPECT_EQ(settled(known), at(1, 0)) << "the peer wrote something that is not here yet";
    known.settle(at(3, 5), 30);
    EXPECT_EQ(settled(known), at(3, 5));
    EXPECT_EQ(known.all().at(kPeer).settled_ms, 30U);
}

TEST(Acknowledgements, ThatComeFastDoNotPutEachOtherOff) {
    Acknowledgements known({});
    for (std::uint64_t i = 1; i <= 10; ++i) {
        known.hear(kPeer, at(i + 1, 0), at(i, 0), i);
        known.settle(at(i, 0), i);
        EXPECT_GE(settled(known)[kPeer] + 2, i) << "always a step behind, never stuck";
    }
}

TEST(Acknowledgements, OfARestoredReplicaReplaceItsOldOnes) {
    Acknowledgements known({});
    known.hear(kPeer, at(5, 5), at(9, 9), 1);
    known.hear(kPeer, at(2, 2), at(9, 9), 2);
    EXPECT_EQ(settled(known), at(2, 2));
    known.hear(kPeer, at(2, 1), at(0, 0), 3);
    EXPECT_EQ(known.settled(kPeer), nullptr) << "the new one does not count yet, the old no more";
}

TEST(Acknowledgements, ByHearsayOnlyRaise) {
    Acknowledgements known({});
    known.hear(kPeer, at(3, 3), at(9, 9), 1);
    const std::uint64_t changes = known.changes();
    known.hear_of(kPeer, at(2, 2), at(9, 9), 7, 2);
    known.hear_of(kPeer, at(3, 3), at(9, 9), 7, 2);
    EXPECT_EQ(settled(known), at(3, 3));
    EXPECT_EQ(known.changes(), changes);
    known.hear_of(kPeer, at(4, 3), at(9, 9), 7, 3);
    EXPECT_EQ(settled(known), at(4, 3));
    EXPECT_EQ(known.all().at(kPeer).from, LinkId{7});
    known.hear(kPeer, at(4, 3), at(9, 9), 4);
    EXPECT_FALSE(known.all().at(kPeer).from) << "now it said so itself";
}

TEST(Acknowledgements, AreRemembered) {
    PeerRecord record;
    record.replica = kPeer;
    record.acknowledged = at(4, 4);
    record.settled = at(3, 3);
    record.settled_ms = 12;
    PeerRecord silent;
    silent.replica = kOther;
    const Acknowledgements known({record, silent});
    EXPECT_EQ(settled(known), at(3, 3));
    EXPECT_EQ(known.all().at(kPeer).newest, at(4, 4));
    EXPECT_EQ(known.settled(kOther), nullptr);
}

}  // namespace
}  // namespace kigumi
