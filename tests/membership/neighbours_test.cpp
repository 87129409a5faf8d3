#include "kigumi/daemon/neighbours.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "sim/overlay_graph.hpp"

namespace kigumi {
namespace {

using sim::Graph;
using sim::Random;

std::vector<Candidate> some_masters(Random& random, std::size_t count) {
    std::vector<Candidate> masters;
    for (std::size_t i = 0; i < count; ++i) masters.push_back({sim::random_replica(random), false});
    return masters;
}

std::vector<ReplicaId> chosen_by(const Candidate& self, const std::vector<Candidate>& alive) {
    return choose_neighbours(self, alive, {});
}

TEST(Neighbours, AreAllInASmallCluster) {
    Random random(1);
    const auto masters = some_masters(random, 32);
    for (const Candidate& master : masters) {
        const auto chosen = chosen_by(master, masters);
        EXPECT_EQ(chosen.size(), 31U);
        EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
        EXPECT_EQ(std::count(chosen.begin(), chosen.end(), master.replica), 0);
    }
}

TEST(Neighbours, AreNobodyForTheOnlyNode) {
    Random random(1);
    const auto masters = some_masters(random, 1);
    EXPECT_TRUE(chosen_by(masters.front(), {}).empty());
    EXPECT_TRUE(chosen_by(masters.front(), masters).empty());
    EXPECT_TRUE(choose_neighbours(masters.front(), masters, {.mesh_max = 0}).empty());
}

TEST(Neighbours, OfALeafAreAFewMasters) {
    Random random(2);
    auto all = some_masters(random, 20);
    for (int i = 0; i < 100; ++i) all.push_back({sim::random_replica(random), true});
    std::map<ReplicaId, int> leaves;
    for (const Candidate& candidate : all) {
        const auto chosen = chosen_by(candidate, all);
        EXPECT_EQ(chosen.size(), candidate.leaf ? 3U : 19U);
        for (const ReplicaId& other : chosen) {
            const auto it = std::find_if(all.begin(), all.end(), [&other](const Candidate& known) {
                return known.replica == other;
            });
            EXPECT_FALSE(it->leaf) << "a leaf relays nothing";
            if (candidate.leaf) ++leaves[other];
        }
    }
    for (const auto& [master, count] : leaves) EXPECT_LE(count, 30) << "fifteen each on average";
}

TEST(Neighbours, OfALeafStayWhenOthersGo) {
    Random random(3);
    auto all = some_masters(random, 50);
    const Candidate leaf{sim::random_replica(random), true};
    const auto before = chosen_by(leaf, all);
    std::erase_if(
        all, [&before](const Candidate& candidate) { return candidate.replica == before.front(); });
    const auto after = chosen_by(leaf, all);
    EXPECT_EQ(after.size(), 3U);
    for (std::size_t i = 1; i < before.size(); ++i)
        EXPECT_TRUE(std::binary_search(after.begin(), after.end(), before[i]));
}

TEST(Neighbours, LingerForAWhile) {
    Random random(4);
    auto all = some_masters(random, 32);
    const Candidate self = all.front();
    Neighbours neighbours(self, {});
    neighbours.update(all, 1'000);
    EXPECT_EQ(neighbours.wanted().size(), 31U);
    EXPECT_EQ(neighbours.next_wakeup(), std::numeric_limits<std::uint64_t>::max());

    all.push_back(some_masters(random, 1).front());
    neighbours.update(all, 2'000);
    EXPECT_GE(neighbours.wanted().size(), 31U) << "one more makes it rings, but not at once";
    EXPECT_EQ(neighbours.next_wakeup(), 32'000U);
    const ReplicaId gone = all[1].replica;
    all.erase(all.begin() + 1);
    all.push_back(some_masters(random, 1).front());
    neighbours.update(all, 3'000);
    EXPECT_FALSE(neighbours.wanted().contains(gone)) << "who is not alive is let go";
    neighbours.tick(33'000);
    const auto chosen = chosen_by(self, all);
    EXPECT_EQ(neighbours.wanted(), std::set<ReplicaId>(chosen.begin(), chosen.end()));
    EXPECT_LE(chosen.size(), 6U);
}

RC_GTEST_PROP(NeighboursLaws, AreSymmetricAndConnectedAndFew, (std::uint64_t seed)) {
    Random random(seed);
    const auto masters = some_masters(random, 33 + random.below(200));
    Graph graph(masters.size());
    for (std::size_t i = 0; i < masters.size(); ++i) {
        const auto chosen = chosen_by(masters[i], masters);
        RC_ASSERT(chosen.size() >= 2 && chosen.size() <= 6);
        for (std::size_t j = 0; j < masters.size(); ++j)
            if (std::binary_search(chosen.begin(), chosen.end(), masters[j].replica))
                graph.add(i, j);
    }
    for (std::size_t i = 0; i < masters.size(); ++i)
        for (const std::size_t j : graph.of(i)) RC_ASSERT(graph.of(j).contains(i));
    RC_ASSERT(graph.largest_component() == masters.size());
}

RC_GTEST_PROP(NeighboursLaws, OneMoreChangesTheLinksOfItsNeighboursOnly, (std::uint64_t seed)) {
    Random random(seed);
    auto masters = some_masters(random, 33 + random.below(100));
    const Candidate added = some_masters(random, 1).front();
    auto more = masters;
    more.push_back(added);
    const auto near = chosen_by(added, more);
    for (const Candidate& master : masters) {
        const bool same = chosen_by(master, masters) == chosen_by(master, more);
        RC_ASSERT(same || std::binary_search(near.begin(), near.end(), master.replica));
    }
}

}  // namespace
}  // namespace kigumi
