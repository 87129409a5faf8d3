#include "as_of.hpp"

#include <gtest/gtest.h>

#include "kigumi/crdt/policy.hpp"

namespace kigumi::backup {
namespace {

constexpr std::uint64_t kMoment = 1'000;

const ReplicaId kA(ReplicaId::Bytes{1});
const ReplicaId kB(ReplicaId::Bytes{2});

Write write(const ReplicaId& origin, std::uint64_t counter, std::uint64_t ms, Payload payload) {
    return {{origin, counter}, Hlc::at_ms(ms), std::move(payload)};
}
Row row(std::initializer_list<Write> writes) {
    Row made;
    for (const Write& one : writes) made.insert(one);
    return made;
}
Payload value(std::int64_t number) { return Value(number); }

class AsOfRegister : public testing::Test {
  protected:
    Row at_moment(const Row& earlier, const Row& later) const {
        return as_of(at_, earlier, version_, later, kMoment).row;
    }
    RowKey at_{"r", Type::kRegister, ""};
    VersionVector version_ = {{kA, 10}, {kB, 10}};  ///< of the earlier backup
};

TEST_F(AsOfRegister, IsTheEarlierStateIfAllThatTheLaterShowsCameAfterwards) {
    const Row earlier = row({write(kA, 3, 500, value(1))});
    const Row later = row({write(kA, 12, 1'500, value(2))});
    EXPECT_TRUE(written_after(later, kMoment));
    EXPECT_EQ(at_moment(earlier, later), earlier);
    EXPECT_EQ(at_moment(Row(), later), Row());
}

TEST_F(AsOfRegister, IncludesTheMomentItself) {
    const Row later = row({write(kA, 12, kMoment, value(2))});
    EXPECT_FALSE(written_after(later, kMoment));
    EXPECT_EQ(at_moment(Row(), later), later);
}

TEST_F(AsOfRegister, TakesNewWritesUntilTheMomentToHaveReplacedTheEarlierState) {
    const Row earlier = row({write(kA, 3, 500, value(1))});
    const Write before = write(kA, 12, 900, value(2));
    const Row later = row({before, write(kB, 12, 1'500, value(3))});
    EXPECT_EQ(at_moment(earlier, later), row({before}));
}

TEST_F(AsOfRegister, DoesNotTakeAnOlderWriteToHaveReplacedANewerOne) {
    const Write earlier = write(kA, 3, 900, value(1));
    const Write arrived = write(kB, 12, 800, value(2));
    const Row later = row({arrived, write(kA, 12, 1'500, value(3))});
    EXPECT_EQ(at_moment(row({earlier}), later), row({earlier, arrived}));
}

TEST_F(AsOfRegister, SaysIfARemovalMayNotHaveSeenTheValue) {
    const Row earlier = row({write(kA, 3, 500, value(1))});
    const Write after = write(kA, 14, 1'500, value(3));
    const auto ambiguous = [&](const Write& arrived) {
        return as_of(at_, earlier, version_, row({arrived, after}), kMoment).ambiguous;
    };
    EXPECT_TRUE(ambiguous(write(kB, 12, 900, Removed{})));
    EXPECT_FALSE(ambiguous(write(kB, 12, 900, value(2)))) << "a value shows in any case";
    EXPECT_FALSE(ambiguous(write(kA, 12, 900, Removed{}))) << "its own writer has seen it";
}

TEST_F(AsOfRegister, KeepsSiblingsThatWereThereBefore) {
    const Write kept = write(kA, 3, 500, value(1));
    const Write replaced = write(kB, 4, 600, value(2));
    const Row later = row({kept, write(kB, 12, 1'500, value(3))});
    EXPECT_EQ(at_moment(row({kept, replaced}), later), row({kept, replaced}));
}

TEST_F(AsOfRegister, LeavesOutWhatBoreALaterTimeAlreadyInTheEarlierBackup) {
    const Row earlier = row({write(kA, 3, 1'100, value(1))});
    EXPECT_EQ(at_moment(earlier, earlier), Row());
}

TEST(ShownPayload, OfARegisterIsTheLastWrite) {
    const RowKey at{"r", Type::kRegister, ""};
    EXPECT_EQ(shown_payload(at, row({write(kA, 1, 5, value(1)), write(kB, 1, 6, value(2))})),
              value(2));
    EXPECT_EQ(shown_payload(at, row({write(kA, 1, 5, value(1)), write(kB, 1, 6, Removed{})})),
              Payload(Removed{}));
    EXPECT_EQ(shown_payload(at, Row()), Payload(Removed{}));
}

TEST(ShownPayload, OfAFlagIsSetIfAnyWriteSaysSo) {
    const RowKey at{"f", Type::kFlag, ""};
    EXPECT_EQ(shown_payload(at, row({write(kA, 1, 5, Value(true)), write(kB, 1, 6, Removed{})})),
              Payload(Value(true)));
    EXPECT_EQ(shown_payload(at, row({write(kB, 1, 6, Removed{})})), Payload(Removed{}));
}

class AsOfCounter : public testing::Test {
  protected:
    std::int64_t at_moment(const Row& earlier, const Row& later) const {
        return count(as_of(at_, earlier, {{kA, 10}, {kB, 10}}, later, kMoment).row);
    }
    static Payload added(std::uint64_t sum) { return Tally{sum, 0}; }
    static Payload reset_of(const ReplicaId& origin, std::uint64_t sum) {
        Reset reset;
        reset.seen[origin] = Tally{sum, 0};
        return reset;
    }
    RowKey at_{"n", Type::kCounter, ""};
};

TEST_F(AsOfCounter, TakesEachOriginsNewestKnownContribution) {
    const Row earlier = row({write(kA, 3, 500, added(5)), write(kB, 3, 500, added(7))});
    const Row later = row({write(kA, 12, 900, added(6)), write(kB, 12, 1'500, added(9))});
    EXPECT_EQ(at_moment(earlier, later), 6 + 7);
    EXPECT_EQ(at_moment(Row(), later), 6);
}

TEST_F(AsOfCounter, BringsBackWhatWasResetAfterwards) {
    const Row earlier = row({write(kA, 3, 500, added(5))});
    const Row later = row({write(kA, 3, 500, added(5)), write(kB, 12, 1'500, reset_of(kA, 5))});
    EXPECT_EQ(at_moment(earlier, later), 5);
}

TEST_F(AsOfCounter, BelievesAResetWhatItHasSeen) {
    const Row earlier = row({write(kA, 3, 500, added(5))});
    // In between it stood at 8, which only the reset shows.
    const Row later = row({write(kA, 14, 1'500, added(10)), write(kB, 12, 900, reset_of(kA, 8))});
    EXPECT_EQ(at_moment(earlier, later), 0);
}

TEST_F(AsOfCounter, KeepsAResetThatALaterOneReplaced) {
    const Row earlier = row({write(kA, 3, 500, added(5)), write(kB, 3, 600, reset_of(kA, 5))});
    const Row later = row({write(kA, 11, 900, added(8)), write(kB, 12, 1'500, reset_of(kA, 8))});
    EXPECT_EQ(at_moment(earlier, later), 3);
}

}  // namespace
}  // namespace kigumi::backup
