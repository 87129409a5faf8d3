#include "restricted_join.hpp"

#include <gtest/gtest.h>

namespace kigumi {
namespace {

const ReplicaId kOwner(ReplicaId::Bytes{1});
const ReplicaId kOther(ReplicaId::Bytes{2});
const ReplicaId kPeer(ReplicaId::Bytes{3});
const AcceptedOrigins kAccepted{kPeer};
const VersionVector kOurs{{kOwner, 5}, {kOther, 5}};

Write write(const ReplicaId& origin, std::uint64_t counter, Payload payload) {
    return {{origin, counter}, Hlc::at_ms(counter), std::move(payload)};
}
Row row(std::initializer_list<Write> writes) {
    Row all;
    for (const Write& each : writes) all.insert(each);
    return all;
}
/// What the row becomes when the peer, which says to have seen all that is here, sends `theirs`.
Row joined(const Row& ours, const Row& theirs) {
    VersionVector theirs_at = kOurs;
    theirs_at.raise(kPeer, 9);
    return join(ours, kOurs, restricted(kAccepted, ours, kOurs, theirs), theirs_at);
}

TEST(RestrictedJoin, AnAssignmentReplacesWhatItSaw) {
    const Row mine = row({write(kOwner, 1, Value("old"))});
    const Row theirs = row({write(kPeer, 1, Value("new"))});
    EXPECT_EQ(joined(mine, theirs), theirs);
}

TEST(RestrictedJoin, ARowWithoutNewsOfThePeerStaysAsItIs) {
    const Row mine = row({write(kOwner, 1, Value("kept"))});
    EXPECT_EQ(joined(mine, Row()), mine);
    EXPECT_EQ(joined(mine, row({write(kOther, 2, Value("forged"))})), mine);
}

TEST(RestrictedJoin, ContributionsOfOthersStay) {
    const Row mine = row({write(kOwner, 3, Tally{100, 0}), write(kOther, 2, Tally{50, 7})});
    const Row theirs = row({write(kPeer, 1, Tally{1, 0})});
    EXPECT_EQ(joined(mine, theirs),
              row({write(kOwner, 3, Tally{100, 0}), write(kOther, 2, Tally{50, 7}),
                   write(kPeer, 1, Tally{1, 0})}));
    // Nor can a reset make them go, or an older form of one stand in for it.
    const Row reset =
        row({write(kOwner, 1, Tally{2, 0}), write(kPeer, 1, Reset{{{kOwner, {100, 0}}}})});
    EXPECT_EQ(joined(mine, reset),
              row({write(kOwner, 3, Tally{100, 0}), write(kOther, 2, Tally{50, 7}),
                   write(kPeer, 1, Reset{{{kOwner, {100, 0}}}})}));
}

TEST(RestrictedJoin, AContributionOfThePeerReplacesItsEarlierOne) {
    const Row mine = row({write(kPeer, 1, Tally{1, 0})});
    VersionVector ours = kOurs;
    ours.raise(kPeer, 1);
    const Row theirs = row({write(kPeer, 4, Tally{3, 0})});
    VersionVector theirs_at = ours;
    theirs_at.raise(kPeer, 4);
    EXPECT_EQ(join(mine, ours, restricted(kAccepted, mine, ours, theirs), theirs_at), theirs);
}

TEST(RestrictedJoin, OnlyAResetReplacesResets) {
    const Row mine =
        row({write(kOwner, 3, Tally{9, 0}), write(kOwner, 4, Reset{{{kOwner, {9, 0}}}})});
    const Row count = row({write(kOwner, 3, Tally{9, 0}), write(kPeer, 1, Tally{1, 0})});
    EXPECT_EQ(joined(mine, count),
              row({write(kOwner, 3, Tally{9, 0}), write(kOwner, 4, Reset{{{kOwner, {9, 0}}}}),
                   write(kPeer, 1, Tally{1, 0})}));
    const Row reset =
        row({write(kOwner, 3, Tally{9, 0}), write(kPeer, 1, Reset{{{kOwner, {9, 0}}}})});
    EXPECT_EQ(joined(mine, reset), reset);
}

TEST(RestrictedJoin, AResetSeesNoMoreThanWasCounted) {
    const Row mine = row({write(kOwner, 3, Tally{9, 2})});
    const auto check = [&mine](const Tally& seen) {
        return check_resets(kAccepted, mine, kOurs,
                            row({write(kPeer, 1, Reset{{{kOwner, seen}}})}));
    };
    EXPECT_TRUE(check({9, 2}));
    EXPECT_TRUE(check({8, 0}));
    EXPECT_EQ(check({10, 2}).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(check({9, 3}).error().code, ErrorCode::kInvalidArgument);
    // Of one that never counted, and of the peer's own, which is its own affair.
    EXPECT_FALSE(
        check_resets(kAccepted, mine, kOurs, row({write(kPeer, 1, Reset{{{kOther, {1, 0}}}})})));
    EXPECT_TRUE(
        check_resets(kAccepted, mine, kOurs, row({write(kPeer, 1, Reset{{{kPeer, {1, 0}}}})})));
}

}  // namespace
}  // namespace kigumi
