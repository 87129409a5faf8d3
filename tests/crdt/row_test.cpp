#include "kigumi/crdt/row.hpp"

#include "kigumi/crdt/policy.hpp"
#include "support/value_generators.hpp"

namespace kigumi {
namespace {

const ReplicaId a = replica(1);
const ReplicaId b = replica(2);

Write write(ReplicaId origin, std::uint64_t counter, Payload payload = Value("x")) {
    return {{origin, counter}, Hlc::at_ms(counter), std::move(payload)};
}

Row row(std::initializer_list<Write> writes) {
    Row all;
    for (const Write& each : writes) all.insert(each);
    return all;
}

TEST(Row, KeepsWritesByDot) {
    Row all = row({write(b, 1), write(a, 2), write(a, 1)});
    EXPECT_EQ(all.begin()->dot, (Dot{a, 1}));
    EXPECT_EQ(all, row({write(a, 1), write(b, 1), write(a, 2)}));
    EXPECT_NE(all.find({a, 2}), nullptr);
    EXPECT_EQ(all.find({a, 3}), nullptr);
    all.insert(write(a, 2, Removed{}));
    EXPECT_EQ(all.size(), 3U);
    EXPECT_TRUE(all.find({a, 2})->removed());
    all.erase({a, 2});
    all.erase({a, 9});
    EXPECT_EQ(all.size(), 2U);
}

TEST(Row, RemovedMeansNothingButRemovals) {
    EXPECT_TRUE(Row().removed());
    EXPECT_TRUE(row({write(a, 1, Removed{}), write(b, 1, Removed{})}).removed());
    EXPECT_FALSE(row({write(a, 1, Removed{}), write(b, 1)}).removed());
}

TEST(RowJoin, KeepsWhatBothHave) {
    const Row both = row({write(a, 1)});
    EXPECT_EQ(join(both, {{a, 1}}, both, {{a, 1}}), both);
}

TEST(RowJoin, AddsWhatWeHaveNotSeen) {
    EXPECT_EQ(join(Row(), {}, row({write(a, 1)}), {{a, 1}}), row({write(a, 1)}));
    EXPECT_EQ(join(row({write(b, 1)}), {{b, 1}}, row({write(a, 1)}), {{a, 1}}),
              row({write(a, 1), write(b, 1)}));
}

TEST(RowJoin, DoesNotAddWhatWeHaveSeenAndDropped) {
    EXPECT_EQ(join(row({write(b, 1)}), {{a, 1}, {b, 1}}, row({write(a, 1)}), {{a, 1}}),
              row({write(b, 1)}));
}

TEST(RowJoin, DropsWhatTheyHaveSeenAndNoLongerHave) {
    EXPECT_EQ(join(row({write(a, 1)}), {{a, 1}}, row({write(b, 1)}), {{a, 1}, {b, 1}}),
              row({write(b, 1)}));
    EXPECT_EQ(join(row({write(a, 1)}), {{a, 1}}, Row(), {{a, 1}}), Row());
}

TEST(RowJoin, KeepsWhatTheyHaveNotSeen) {
    EXPECT_EQ(join(row({write(a, 2)}), {{a, 2}}, row({write(a, 1)}), {{a, 1}}), row({write(a, 2)}));
    EXPECT_EQ(join(row({write(a, 2)}), {{a, 2}}, Row(), {{a, 1}}), row({write(a, 2)}));
}

TEST(Policy, LastWriteIsByTimeThenOriginThenCounter) {
    const Write early{{b, 9}, Hlc::at_ms(1), Value("early")};
    const Write late{{a, 1}, Hlc::at_ms(2), Value("late")};
    const Write tie{{b, 1}, Hlc::at_ms(2), Value("tie")};
    EXPECT_EQ(last_write(Row()), nullptr);
    EXPECT_EQ(last_write(row({early, late}))->dot, late.dot);
    EXPECT_EQ(last_write(row({early, late, tie}))->dot, tie.dot);
    const auto all = siblings(row({early, late, tie}));
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].value, Value("tie"));
    EXPECT_EQ(all[1].value, Value("late"));
    EXPECT_EQ(all[2].value, Value("early"));
}

TEST(Row, UnitingKeepsEveryWrite) {
    const Row first = row({write(a, 1), write(b, 2)});
    const Row second = row({write(a, 3, Removed{}), write(b, 2)});
    const Row third = row({write(b, 1)});
    const Row united = row({write(a, 1), write(a, 3, Removed{}), write(b, 2)});
    EXPECT_EQ(unite(first, second), united);
    EXPECT_EQ(unite(second, first), united);
    EXPECT_EQ(unite(united, united), united);
    EXPECT_EQ(unite(unite(first, second), third), unite(first, unite(second, third)));
    EXPECT_EQ(unite(Row(), first), first);
    // A contribution holds its origin's earlier ones, and nothing else.
    const Row tallies = row({write(a, 1, Tally{5, 0}), write(a, 2, Reset{{{a, {5, 0}}}})});
    const Row later = row({write(a, 3, Tally{6, 0}), write(b, 9, Tally{9, 9})});
    EXPECT_EQ(unite(tallies, later), row({write(a, 2, Reset{{{a, {5, 0}}}}),
                                          write(a, 3, Tally{6, 0}), write(b, 9, Tally{9, 9})}));
    EXPECT_EQ(unite(row({write(a, 1, Tally{5, 0})}), row({write(a, 3, Tally{4, 0})})).size(), 2U);
}

TEST(Policy, AddWinsAndRemoveWinsReadTheSameRow) {
    const Row contested = row({write(a, 1), write(b, 1, Removed{})});
    EXPECT_TRUE(any_present(contested));
    EXPECT_FALSE(all_present(contested));
    EXPECT_FALSE(any_present(Row()));
    EXPECT_FALSE(all_present(Row()));
    EXPECT_TRUE(all_present(row({write(a, 1), write(b, 1)})));
}

TEST(Policy, ConflictIsDisagreement) {
    const RowKey at{"k", Type::kRegister, {}};
    EXPECT_FALSE(in_conflict(at, row({write(a, 1)})));
    EXPECT_FALSE(in_conflict(at, row({write(a, 1), write(b, 1)})));
    EXPECT_TRUE(in_conflict(at, row({write(a, 1), write(b, 1, Value("y"))})));
    EXPECT_TRUE(in_conflict(at, row({write(a, 1), write(b, 1, Removed{})})));
    EXPECT_FALSE(in_conflict({"k", Type::kCounter, {}},
                             row({write(a, 1, Tally{1, 0}), write(b, 1, Tally{2, 0})})));
}

TEST(Policy, CountHoldsAtTheEndsOf64Bits) {
    constexpr std::uint64_t kHuge = ~std::uint64_t{0};
    EXPECT_EQ(count(row({write(a, 1, Tally{kHuge, 0}), write(b, 1, Tally{kHuge, 0})})),
              std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(count(row({write(a, 1, Tally{0, kHuge}), write(b, 1, Tally{0, kHuge})})),
              std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(count(row({write(a, 1, Tally{kHuge, 0}), write(b, 1, Tally{1, kHuge})})), 1);
}

}  // namespace
}  // namespace kigumi
