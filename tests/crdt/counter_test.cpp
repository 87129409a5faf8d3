#include <limits>

#include "crdt/three_replicas.hpp"

namespace kigumi {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

class PnCounter : public ThreeReplicas {
  protected:
    static void add(MemoryRows& rows, std::int64_t amount) {
        rows.counter("c").add(amount).value();
    }
    static void reset(MemoryRows& rows) { rows.counter("c").reset().value(); }
    static std::int64_t read(MemoryRows& rows) { return rows.counter("c").value().value(); }
    void expect_everywhere(std::int64_t value) {
        sync_all();
        for (MemoryRows* rows : {&a, &b, &c}) EXPECT_EQ(read(*rows), value);
    }
};

TEST_F(PnCounter, ConcurrentUpdatesAddUp) {
    add(a, 5);
    add(b, 7);
    add(c, -20);
    expect_everywhere(-8);
    add(a, 1);
    add(a, 1);
    expect_everywhere(-6);
}

TEST_F(PnCounter, KeepsOneContributionForEachReplica) {
    for (int i = 0; i < 10; ++i) {
        add(a, 1);
        add(b, -1);
        sync_all();
    }
    EXPECT_EQ(c.rows().begin()->second.size(), 2U);
}

TEST_F(PnCounter, ResetTakesBackWhatItSaw) {
    add(a, 5);
    add(b, 7);
    sync_all();
    reset(c);
    EXPECT_EQ(read(c), 0);
    expect_everywhere(0);
    add(a, 3);
    expect_everywhere(3);
}

TEST_F(PnCounter, ConcurrentResetsSubtractOnce) {
    add(a, 5);
    add(b, 7);
    sync_all();
    reset(a);
    reset(b);
    expect_everywhere(0);
    add(c, 2);
    expect_everywhere(2);
}

TEST_F(PnCounter, ConcurrentResetsThatSawDifferentPartsTakeBackTheUnion) {
    add(a, 5);
    b.join(a);
    add(a, 10);
    add(b, 7);
    reset(a);  // saw 15 of a
    reset(b);  // saw 5 of a and 7 of b
    add(a, 1);
    expect_everywhere(1);
}

TEST_F(PnCounter, IncrementConcurrentWithAResetSurvivesAndOnlyIt) {
    // Counterexample 11: resets that drop dots bring a's first 10 back together with its 1.
    add(a, 10);
    sync_all();
    add(a, 1);
    reset(b);
    EXPECT_EQ(read(b), 0);
    expect_everywhere(1);
    reset(c);
    expect_everywhere(0);
}

TEST_F(PnCounter, ResetOfNothingIsHarmless) {
    reset(a);
    add(b, 4);
    expect_everywhere(4);
}

TEST_F(PnCounter, LaterResetReplacesTheOnesItSaw) {
    for (int i = 0; i < 5; ++i) {
        add(a, 1);
        reset(a);
        sync_all();
        reset(b);
        sync_all();
    }
    // One contribution and one reset.
    EXPECT_EQ(c.rows().begin()->second.size(), 2U);
    expect_everywhere(0);
}

TEST_F(PnCounter, OverflowIsRefusedAndTakesNoDot) {
    add(a, kMax);
    const auto version = a.version();
    const auto refused = a.counter("c").add(1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(read(a), kMax);
    EXPECT_EQ(a.version(), version);
    add(a, -1);
    add(a, 1);
    EXPECT_FALSE(a.counter("c").add(kMax));
}

TEST_F(PnCounter, UnderflowIsRefused) {
    add(a, kMin);
    EXPECT_EQ(read(a), kMin);
    EXPECT_FALSE(a.counter("c").add(-1));
    EXPECT_FALSE(a.counter("c").add(kMin));
    add(a, kMax);
    EXPECT_EQ(read(a), -1);
}

TEST_F(PnCounter, ContributionsThatWouldLeave64BitsAreRefused) {
    // The sum stays in range, what this replica has added so far would not.
    for (int i = 0; i < 2; ++i) {
        add(a, kMax);
        add(a, -kMax);
    }
    add(a, 1);
    EXPECT_FALSE(a.counter("c").add(kMax - 1));
    EXPECT_EQ(read(a), 1);
}

TEST_F(PnCounter, ConcurrentOverflowIsHeldAtTheEnd) {
    add(a, kMax);
    add(b, kMax);
    expect_everywhere(kMax);
    add(c, -kMax);
    expect_everywhere(kMax);
    EXPECT_FALSE(a.counter("c").add(1));
}

RC_GTEST_PROP(CounterModelLaws, AloneItIsAnInteger,
              (const std::vector<std::pair<bool, std::int16_t>>& ops)) {
    MemoryRows rows = one_replica();
    std::int64_t model = 0;
    for (const auto& [resets, amount] : ops) {
        if (resets && amount % 4 == 0) {
            rows.counter("c").reset().value();
            model = 0;
        } else {
            rows.counter("c").add(amount).value();
            model += amount;
        }
        RC_ASSERT(rows.counter("c").value().value() == model);
    }
}

}  // namespace
}  // namespace kigumi
