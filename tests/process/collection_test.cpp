#include "kigumi/replication/members.hpp"
#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::seconds;

/// Rows that hold nothing but removals go when everybody has seen them, and not before.
class Collection : public ProcessTest {
  protected:
    static std::uint64_t rows(Site& site) { return site.store().read()->count_rows().value(); }
    static void expect_empty(Site& site) {
        EXPECT_TRUE(eventually(seconds(30), [&] { return rows(site) == 0; })) << rows(site);
        auto txn = site.store().read().value();
        EXPECT_FALSE(txn.floor().empty());
        txn.check_log().value();
    }
    /// Long enough for several passes.
    static void expect_kept(Site& site, std::uint64_t number) {
        sleep_for_ms(3'000);
        EXPECT_EQ(rows(site), number);
    }
    static void add_and_remove(Site& site, int from, int to) {
        for (int i = from; i < to; ++i) site.add("s", Value(i));
        for (int i = from; i < to; ++i) site.remove("s", Value(i));
    }
    void retire(Site& by, Site& gone) {
        members::put(by.store(), gone.store().replica().value(), members::Standing::kRetired)
            .value();
    }
};

TEST_F(Collection, OfASingleNodeWaitsForNobody) {
    make_site().start();
    add_and_remove(sites_[0], 0, 20);
    expect_empty(sites_[0]);
}

TEST_F(Collection, ReachesEveryNodeOfAMesh) {
    make_mesh();
    for (int i = 0; i < 3; ++i) add_and_remove(sites_[i], 10 * i, 10 * i + 10);
    for (Site& site : sites_) expect_empty(site);
    sites_[1].add("s", Value(5));
    expect_converged();
    for (Site& site : sites_) EXPECT_EQ(site.size("s"), 1U);
}

TEST_F(Collection, ReachesNodesThatAreNotLinked) {
    make_site().start({}, {"--only-peers"});
    make_site().start({sites_[0].address()}, {"--only-peers"});
    make_site().start({sites_[1].address()}, {"--only-peers"});
    add_and_remove(sites_[0], 0, 10);
    add_and_remove(sites_[2], 10, 20);
    for (Site& site : sites_) expect_empty(site);
}

TEST_F(Collection, WaitsForASilentMember) {
    make_mesh();
    for (Site& site : sites_) site.add("met", "everybody");
    expect_converged();
    const std::vector<std::string> others = {sites_[0].address(), sites_[1].address()};
    sites_[2].daemon().kill();
    add_and_remove(sites_[0], 0, 10);
    expect_kept(sites_[0], 11);
    sites_[2].start(others);
    EXPECT_TRUE(eventually(seconds(30), [&] {
        return rows(sites_[0]) == 1 && rows(sites_[1]) == 1 && rows(sites_[2]) == 1;
    }));
}

TEST_F(Collection, WaitsForAMemberThatNeverAppeared) {
    make_site().start();
    const ReplicaId expected(ReplicaId::Bytes{0xEE});
    members::put(sites_[0].store(), expected, members::Standing::kMember).value();
    add_and_remove(sites_[0], 0, 10);
    expect_kept(sites_[0], 10);
    members::put(sites_[0].store(), expected, members::Standing::kRetired).value();
    expect_empty(sites_[0]);
}

TEST_F(Collection, GoesOnWithoutARetiredMemberWhichMayReturn) {
    make_mesh();
    for (int i = 0; i < 10; ++i) sites_[0].add("s", Value(i));
    expect_converged();
    const std::vector<std::string> others = {sites_[0].address(), sites_[1].address()};
    sites_[2].daemon().kill();
    // It writes on, alone: a new member, and one that is about to be removed elsewhere.
    sites_[2].add("s", "unseen");
    sites_[2].add("s", Value(3));
    for (int i = 0; i < 10; ++i) sites_[0].remove("s", Value(i));
    retire(sites_[1], sites_[2]);
    EXPECT_TRUE(
        eventually(seconds(30), [&] { return rows(sites_[0]) == 0 && rows(sites_[1]) == 0; }));
    sites_[2].start(others);
    expect_converged();
    for (Site& site : sites_) {
        EXPECT_EQ(site.size("s"), 2U) << "what it wrote unseen, and nothing that was removed";
        EXPECT_TRUE(site.contains("s", "unseen"));
        EXPECT_TRUE(site.contains("s", Value(3)));
        site.store().read()->check_log().value();
    }
    // It runs, so it belongs to the cluster again.
    EXPECT_TRUE(eventually(seconds(30), [&] {
        const auto list = members::list(sites_[0].store()).value();
        return list.at(sites_[2].store().replica().value()) == members::Standing::kMember;
    }));
}

}  // namespace
}  // namespace kigumi
