#include "protocol/acknowledgements.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

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

TEST(Acknowledgements, ThatNameUnknownOriginsAreTrimmedAndDoNotCount) {
    Acknowledgements known({});
    VersionVector wide = at(2, 2);
    for (unsigned i = 10; i < 60; ++i) wide.raise(replica(i), 1);
    known.hear(kPeer, wide, at(2, 2), 1);
    EXPECT_EQ(known.all().at(kPeer).newest, at(2, 2));
    EXPECT_TRUE(known.all().at(kPeer).trimmed);
    EXPECT_EQ(known.settled(kPeer), nullptr) << "what it speaks of is not here";
    known.settle(at(9, 9), 2);
    EXPECT_EQ(known.settled(kPeer), nullptr);
    // Once they are known, what it says again counts.
    VersionVector ours = wide;
    known.hear(kPeer, wide, ours, 3);
    EXPECT_EQ(settled(known), wide);
    EXPECT_FALSE(known.all().at(kPeer).trimmed);
}

TEST(Acknowledgements, OfAnEarlierRunAreTrimmed) {
    PeerRecord record;
    record.replica = kPeer;
    record.acknowledged = at(4, 4);
    for (unsigned i = 10; i < 60; ++i) record.acknowledged.raise(replica(i), 1);
    record.settled = record.acknowledged;
    record.settled_ms = 12;
    Acknowledgements known({record});
    known.trim(at(5, 5));
    EXPECT_EQ(known.all().at(kPeer).newest, at(4, 4));
    EXPECT_TRUE(known.all().at(kPeer).trimmed);
    EXPECT_EQ(known.settled(kPeer), nullptr);
}

/// Rule 7: what counts is a word that the replica has said, as it said it; it still holds that
/// much, also after it was restored; and all that the word speaks of is here. What is remembered is
/// no larger than V.
RC_GTEST_PROP(AcknowledgementsLaws, AWordCountsAsItWasSaidAndOnceAllOfItIsHere, ()) {
    Acknowledgements known({});
    VersionVector ours;
    VersionVector theirs;
    VersionVector last_word;
    std::vector<VersionVector> said;
    std::vector<VersionVector> since_restored;
    std::uint64_t now_ms = 0;
    const auto speak = [&] {
        last_word = theirs;
        said.push_back(theirs);
        since_restored.push_back(theirs);
        known.hear(kPeer, theirs, ours, now_ms);
    };
    const auto raise = [](VersionVector& version) {
        version.raise(replica(*rc::gen::inRange(1U, 9U)), *rc::gen::inRange<std::uint64_t>(1, 6));
    };
    const auto steps = *rc::gen::inRange<std::uint64_t>(1, 60);
    while (++now_ms <= steps) {
        switch (*rc::gen::inRange(0, 6)) {
            case 0:
                raise(theirs);
                break;
            case 1:
                raise(ours);
                known.settle(ours, now_ms);
                break;
            case 2:
                ours.merge(theirs);
                known.settle(ours, now_ms);
                break;
            case 3: {
                // Restored: it holds less, and says so before anything else.
                VersionVector less;
                for (const auto& [origin, counter] : theirs)
                    if (*rc::gen::arbitrary<bool>()) less.raise(origin, counter);
                theirs = less;
                since_restored.clear();
                speak();
                break;
            }
            case 4:
                if (since_restored.empty()) break;
                known.hear_of(kPeer, *rc::gen::elementOf(since_restored), ours, 7, now_ms);
                break;
            default:
                speak();
        }
        const auto found = known.all().find(kPeer);
        if (found == known.all().end()) continue;
        const auto& heard = found->second;
        const auto was_said = [&](const VersionVector& word) {
            return std::find(said.begin(), said.end(), word) != said.end();
        };
        RC_ASSERT(heard.newest.size() <= ours.size());
        RC_ASSERT(heard.trimmed || was_said(heard.newest));
        RC_ASSERT(!heard.waiting || heard.waiting->size() <= ours.size());
        if (!heard.settled) continue;
        RC_ASSERT(ours.covers(*heard.settled));
        RC_ASSERT(last_word.covers(*heard.settled));
        RC_ASSERT(was_said(*heard.settled));
    }
    // What is said once all of it is here counts at once.
    ours.merge(theirs);
    known.settle(ours, now_ms);
    speak();
    RC_ASSERT(known.settled(kPeer) != nullptr);
    RC_ASSERT(*known.settled(kPeer) == theirs);
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
