#include <csignal>

#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::seconds;

class Convergence : public ProcessTest {};

TEST_F(Convergence, OfConcurrentWritersOnThreeNodes) {
    make_mesh();
    for (int i = 0; i < 100; ++i) {
        for (Site& site : sites_) {
            site.add("members", i);
            site.increment("count", 1);
            site.assign("last", site.directory().string());
        }
        sites_[static_cast<std::size_t>(i) % 3].remove("members", i / 2);
    }
    expect_converged();
    for (Site& site : sites_) {
        EXPECT_EQ(site.count("count"), 300);
        EXPECT_EQ(site.get("last"), sites_[0].get("last"));
    }
}

TEST_F(Convergence, OfNodesThatWroteBeforeTheyMet) {
    for (int i = 0; i < 3; ++i) {
        Site& site = make_site();
        site.assign("register", std::to_string(i));
        site.add("members", i);
        site.increment("count", 1 << i);
    }
    sites_[0].start({}, {"--only-peers"});
    sites_[1].start({sites_[0].address()}, {"--only-peers"});
    sites_[2].start({sites_[1].address()}, {"--only-peers"});
    // The ends of the chain know each other only by way of the middle.
    expect_converged();
    EXPECT_EQ(sites_[0].count("count"), 7);
    EXPECT_EQ(sites_[2].siblings("register"), 3U);
    EXPECT_EQ(sites_[0].size("members"), 3U);
}

TEST_F(Convergence, OfTwoIsNotHeldUpByAStoppedThird) {
    make_mesh();
    sites_[2].add("members", "before");
    expect_converged();
    sites_[2].daemon().signal(SIGSTOP);
    // Longer than the silence after which a peer is taken to be down, and than the heartbeats.
    for (int i = 0; i < 8; ++i) {
        sites_[0].add("members", i);
        sites_[1].increment("count", 1);
        expect_converged({&sites_[0], &sites_[1]}, seconds(3));
        sites_[2].assign("own", std::to_string(i));
        sleep_for_ms(1'000);
    }
    EXPECT_FALSE(sites_[2].contains("members", 0));
    EXPECT_EQ(sites_[0].get("own"), "");
    sites_[2].daemon().signal(SIGCONT);
    expect_converged();
    EXPECT_EQ(sites_[2].size("members"), 9U);
    EXPECT_EQ(sites_[0].get("own"), "7");
}

TEST_F(Convergence, AfterAShortStop) {
    make_mesh();
    sites_[0].increment("count", 1);
    expect_converged();
    sites_[2].daemon().signal(SIGSTOP);
    for (int i = 0; i < 200; ++i) sites_[static_cast<std::size_t>(i) % 2].increment("count", 1);
    expect_converged({&sites_[0], &sites_[1]}, seconds(3));
    sites_[2].daemon().signal(SIGCONT);
    expect_converged();
    EXPECT_EQ(sites_[2].count("count"), 201);
}

}  // namespace
}  // namespace kigumi
