#include "kigumi/clocks/version_vector.hpp"

#include "support/clock_generators.hpp"

namespace kigumi {
namespace {

const ReplicaId a = replica(1);
const ReplicaId b = replica(2);
const ReplicaId c = replica(3);

VersionVector merged(VersionVector x, const VersionVector& y) {
    x.merge(y);
    return x;
}

TEST(VersionVector, AbsentEntriesAreZeroAndZeroIsNotStored) {
    VersionVector vector;
    EXPECT_TRUE(vector.empty());
    EXPECT_EQ(vector[a], 0U);
    vector.raise(a, 0);
    EXPECT_TRUE(vector.empty());
    EXPECT_EQ(vector, VersionVector());
}

TEST(VersionVector, IncrementNamesConsecutiveDots) {
    VersionVector vector;
    EXPECT_EQ(vector.increment(a), (Dot{a, 1}));
    EXPECT_EQ(vector.increment(a), (Dot{a, 2}));
    EXPECT_EQ(vector.increment(b), (Dot{b, 1}));
    EXPECT_EQ(vector, (VersionVector{{a, 2}, {b, 1}}));
    EXPECT_EQ(vector.size(), 2U);
}

TEST(VersionVector, RaiseNeverLowers) {
    VersionVector vector{{a, 5}};
    vector.raise(a, 3);
    EXPECT_EQ(vector[a], 5U);
    vector.raise(a, 6);
    EXPECT_EQ(vector[a], 6U);
}

TEST(VersionVector, MergeIsPointwiseMaximum) {
    EXPECT_EQ(merged({{a, 1}, {b, 4}}, {{a, 2}, {b, 3}, {c, 1}}),
              (VersionVector{{a, 2}, {b, 4}, {c, 1}}));
}

TEST(VersionVector, CoversDotsUpToTheEntry) {
    const VersionVector vector{{a, 2}};
    EXPECT_TRUE(vector.covers(Dot{a, 1}));
    EXPECT_TRUE(vector.covers(Dot{a, 2}));
    EXPECT_FALSE(vector.covers(Dot{a, 3}));
    EXPECT_FALSE(vector.covers(Dot{b, 1}));
}

TEST(VersionVector, ComparesAsAPartialOrder) {
    const VersionVector x{{a, 1}};
    const VersionVector y{{a, 2}};
    const VersionVector z{{b, 1}};
    EXPECT_EQ(x.compare(x), std::partial_ordering::equivalent);
    EXPECT_EQ(x.compare(y), std::partial_ordering::less);
    EXPECT_EQ(y.compare(x), std::partial_ordering::greater);
    EXPECT_EQ(x.compare(z), std::partial_ordering::unordered);
    EXPECT_TRUE(y.concurrent(z));
    EXPECT_FALSE(x.concurrent(y));
    EXPECT_FALSE(x.concurrent(x));
    EXPECT_EQ(VersionVector().compare(x), std::partial_ordering::less);
}

TEST(VersionVector, CountsMissingEvents) {
    EXPECT_EQ(events_missing({}, {{a, 3}, {b, 2}}), 5U);
    EXPECT_EQ(events_missing({{a, 5}, {b, 1}}, {{a, 3}, {b, 2}}), 1U);
    EXPECT_EQ(events_missing({{a, 3}}, {{a, 3}}), 0U);
}

RC_GTEST_PROP(VersionVectorLaws, MergeIsCommutativeAssociativeIdempotent,
              (const VersionVector& x, const VersionVector& y, const VersionVector& z)) {
    RC_ASSERT(merged(x, y) == merged(y, x));
    RC_ASSERT(merged(merged(x, y), z) == merged(x, merged(y, z)));
    RC_ASSERT(merged(x, x) == x);
    RC_ASSERT(merged(x, VersionVector()) == x);
}

RC_GTEST_PROP(VersionVectorLaws, MergeIsTheLeastUpperBound,
              (const VersionVector& x, const VersionVector& y, const VersionVector& z)) {
    const VersionVector bound = merged(x, y);
    RC_ASSERT(bound.covers(x));
    RC_ASSERT(bound.covers(y));
    // Least: whatever covers both covers the merge; built so that it happens, not left to luck.
    const VersionVector above = merged(merged(z, y), x);
    RC_ASSERT(above.covers(bound));
    for (const auto& [origin, counter] : bound)
        RC_ASSERT(counter == x[origin] || counter == y[origin]);
}

RC_GTEST_PROP(VersionVectorLaws, CompareAgreesWithCovers,
              (const VersionVector& x, const VersionVector& y)) {
    const auto order = x.compare(y);
    RC_CLASSIFY(x.concurrent(y));
    RC_ASSERT((order == 0) == (x == y));
    RC_ASSERT((order >= 0) == x.covers(y));
    RC_ASSERT((order <= 0) == y.covers(x));
    RC_ASSERT((order == std::partial_ordering::unordered) == (!x.covers(y) && !y.covers(x)));
    RC_ASSERT(x.concurrent(y) == y.concurrent(x));
}

RC_GTEST_PROP(VersionVectorLaws, MeetIsTheGreatestLowerBound,
              (const VersionVector& x, const VersionVector& y, const VersionVector& z)) {
    VersionVector bound = x;
    bound.meet(y);
    RC_ASSERT(x.covers(bound) && y.covers(bound));
    for (const auto& [origin, counter] : x) {
        const std::uint64_t both = std::min(counter, y[origin]);
        RC_ASSERT(bound[origin] == both);
    }
    // Absorption ties it to merge.
    VersionVector absorbed = merged(x, z);
    absorbed.meet(x);
    RC_ASSERT(absorbed == x);
}

RC_GTEST_PROP(VersionVectorLaws, CoversIsAPartialOrder,
              (const VersionVector& x, const VersionVector& y, const VersionVector& z)) {
    const VersionVector middle = merged(x, y);
    const VersionVector top = merged(middle, z);
    RC_ASSERT(x.covers(x));
    RC_ASSERT(!(x.covers(y) && y.covers(x)) || x == y);
    RC_ASSERT(top.covers(middle) && middle.covers(x) && top.covers(x));
}

RC_GTEST_PROP(VersionVectorLaws, CoversAVectorIffItCoversItsDots,
              (const VersionVector& x, const VersionVector& y)) {
    bool all = true;
    for (const auto& [origin, counter] : y)
        for (std::uint64_t n = 1; n <= counter; ++n) all = all && x.covers(Dot{origin, n});
    RC_ASSERT(x.covers(y) == all);
}

RC_GTEST_PROP(VersionVectorLaws, MissingEventsAreWhatAMergeAdds,
              (const VersionVector& x, const VersionVector& y)) {
    const auto events = [](const VersionVector& vector) {
        std::uint64_t sum = 0;
        for (const auto& [origin, counter] : vector) sum += counter;
        return sum;
    };
    RC_ASSERT(events_missing(x, y) == events(merged(x, y)) - events(x));
    RC_ASSERT((events_missing(x, y) == 0) == x.covers(y));
}

}  // namespace
}  // namespace kigumi
