#include <csignal>

#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::seconds;

/// Nodes that are told of one other, and find the rest.
class Discovery : public ProcessTest {
  protected:
    /// The first is nobody's peer, the others are told of the first only.
    void start_from_one_seed(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            Site& site = make_site();
            if (i == 0)
                site.start();
            else
                site.start({sites_[0].address()});
        }
    }
    std::string opinion(Site& observer, Site& subject) {
        const ReplicaId replica = subject.store().replica().value();
        for (const ContactRecord& contact : observer.store().contacts().value())
            if (contact.replica == replica) return contact.opinion;
        return "";
    }
    void expect_opinion(Site& observer, Site& subject, const std::string& expected,
                        seconds limit = seconds(20)) {
        EXPECT_TRUE(eventually(limit, [&] { return opinion(observer, subject) == expected; }))
            << "believed to be '" << opinion(observer, subject) << "', not '" << expected << "'\n"
            << observer.daemon().output();
    }
    void expect_all_alive() {
        for (Site& observer : sites_)
            for (Site& subject : sites_)
                if (&observer != &subject) expect_opinion(observer, subject, "alive");
    }
    /// How often this was logged about a node.
    std::size_t logged(Site& observer, const std::string& event, Site& subject) {
        const std::string line =
            "event=" + event + " replica=" + subject.store().replica().value().hex();
        const std::string log = observer.daemon().output();
        std::size_t times = 0;
        for (auto at = log.find(line); at != std::string::npos; at = log.find(line, at + 1))
            ++times;
        return times;
    }
    bool linked(Site& observer, Site& subject) {
        const ReplicaId replica = subject.store().replica().value();
        for (const PeerRecord& peer : observer.store().peers(kDefaultBucket).value())
            if (peer.replica == replica) return peer.connected;
        return false;
    }
};

TEST_F(Discovery, OneSeedIsEnoughAndMayDieLater) {
    start_from_one_seed(4);
    for (int i = 0; i < 4; ++i) sites_[static_cast<std::size_t>(i)].add("members", i);
    expect_converged();
    expect_all_alive();
    sites_[0].daemon().kill();
    for (std::size_t i = 1; i < 4; ++i) expect_opinion(sites_[i], sites_[0], "down");
    // Those that were never told of each other go on without the one that was.
    sites_[1].add("members", "after");
    expect_converged({&sites_[1], &sites_[2], &sites_[3]}, seconds(15));
    EXPECT_TRUE(eventually(seconds(15), [&] { return linked(sites_[2], sites_[3]); }));
}

TEST_F(Discovery, AKilledNodeIsDownAndAliveOnceItRunsAgain) {
    start_from_one_seed(3);
    expect_all_alive();
    sites_[2].daemon().kill();
    expect_opinion(sites_[0], sites_[2], "down");
    expect_opinion(sites_[1], sites_[2], "down");
    // It knows the others from its earlier life.
    sites_[2].start();
    expect_opinion(sites_[0], sites_[2], "alive");
    expect_opinion(sites_[1], sites_[2], "alive");
    sites_[2].add("members", 1);
    expect_converged();
}

TEST_F(Discovery, AShortStopIsNoFailure) {
    start_from_one_seed(3);
    expect_all_alive();
    Site& stopped = sites_[1];
    // On a busy machine any of them may be stopped by others for longer: one quiet try is enough.
    bool quiet = false;
    for (int attempt = 0; attempt < 10 && !quiet; ++attempt) {
        const auto times_down = [&] {
            return logged(sites_[0], "member.down", stopped) +
                   logged(sites_[2], "member.down", stopped);
        };
        const std::size_t before = times_down();
        stopped.daemon().signal(SIGSTOP);
        sleep_for_ms(500);
        stopped.daemon().signal(SIGCONT);
        sleep_for_ms(3'500);
        quiet = times_down() == before;
        expect_all_alive();
    }
    EXPECT_TRUE(quiet);
}

TEST_F(Discovery, ALongStopHeals) {
    start_from_one_seed(3);
    expect_all_alive();
    sites_[1].daemon().signal(SIGSTOP);
    expect_opinion(sites_[0], sites_[1], "down");
    expect_opinion(sites_[2], sites_[1], "down");
    sites_[1].daemon().signal(SIGCONT);
    expect_all_alive();
    sites_[1].add("members", 1);
    expect_converged();
}

TEST_F(Discovery, WhoIsStoppedProperlyHasLeft) {
    start_from_one_seed(3);
    expect_all_alive();
    sites_[2].daemon().signal(SIGTERM);
    EXPECT_EQ(sites_[2].daemon().wait_for(seconds(5)), 0);
    expect_opinion(sites_[0], sites_[2], "left");
    expect_opinion(sites_[1], sites_[2], "left");
}

TEST_F(Discovery, OthersAreToldTheAdvertisedAddress) {
    Site& first = make_site();
    first.start();
    Site& second = make_site();
    second.start({first.address()}, {"--advertise", "127.0.0.1:9"});
    EXPECT_TRUE(eventually(seconds(15), [&] {
        const auto contacts = first.store().contacts().value();
        return contacts.size() == 1 && contacts[0].address == "127.0.0.1:9";
    }));
    // The line that it has dialled itself carries both ways.
    expect_opinion(first, second, "alive");
}

TEST_F(Discovery, OnlyNamedPeersAreLinkedWhereThatIsAskedFor) {
    Site& hub = make_site();
    hub.start({}, {"--only-peers"});
    for (int i = 0; i < 2; ++i) make_site().start({hub.address()}, {"--only-peers"});
    sites_[1].add("members", 1);
    expect_converged();
    EXPECT_TRUE(hub.store().contacts().value().empty());
    EXPECT_FALSE(linked(sites_[1], sites_[2]));
}

}  // namespace
}  // namespace kigumi
