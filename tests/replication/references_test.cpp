#include "protocol/references.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/clock_generators.hpp"

namespace kigumi {
namespace {

std::shared_ptr<const NamedVersion> named(const VersionVector& version) {
    return std::make_shared<const NamedVersion>(version);
}

RC_GTEST_PROP(ReferencesLaws, AChangeLeadsFromOneVectorToTheOther,
              (const VersionVector& from, const VersionVector& to)) {
    const NamedVersion since(from);
    const wire::VersionChange change = change_between(since, to);
    RC_ASSERT(change.since == since.name);
    RC_ASSERT(changed(from, change) == to);
    RC_ASSERT(change.entries.empty() == (from == to));
}

RC_GTEST_PROP(ReferencesLaws, ANameMeansOneVector,
              (const VersionVector& one, const VersionVector& other)) {
    RC_ASSERT((NamedVersion(one).name == NamedVersion(other).name) == (one == other));
}

TEST(References, TellOnlyWhatDiffers) {
    VersionVector from;
    for (unsigned i = 1; i < 200; ++i) from.raise(replica(i), i);
    VersionVector to = from;
    to.increment(replica(7));
    to.raise(replica(200), 3);
    const wire::VersionChange change = change_between(NamedVersion(from), to);
    ASSERT_EQ(change.entries.size(), 2U);
    EXPECT_EQ(change.entries[0], std::pair(replica(7), std::uint64_t{8}));
    EXPECT_EQ(change.entries[1], std::pair(replica(200), std::uint64_t{3}));
}

TEST(SaidVersions, ReachBackForSecondsAndAreBounded) {
    SaidVersions said;
    const auto first = named({{replica(1), 1}});
    EXPECT_TRUE(said.due(0));
    said.keep(first, 1'000);
    EXPECT_FALSE(said.due(1'001));
    EXPECT_TRUE(said.due(1'000 + SaidVersions::kPauseMs));
    EXPECT_EQ(said.find(first->name), first.get());
    EXPECT_EQ(said.find(0), nullptr);

    for (std::uint64_t n = 2; n < 2 + SaidVersions::kKept; ++n) {
        EXPECT_NE(said.find(first->name), nullptr);
        said.keep(named({{replica(1), n}}), 1'000 * n);
    }
    EXPECT_EQ(said.find(first->name), nullptr) << "the oldest is forgotten";
}

TEST(SaidVersions, KeepOneThatIsRepeatedOnce) {
    SaidVersions said;
    const auto first = named({{replica(1), 1}});
    const auto second = named({{replica(2), 1}});
    said.keep(first, 1);
    for (std::size_t i = 0; i < 2 * SaidVersions::kKept; ++i) said.keep(second, 2);
    EXPECT_NE(said.find(first->name), nullptr);
}

}  // namespace
}  // namespace kigumi
