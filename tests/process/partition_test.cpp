#include <csignal>

#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::seconds;

/// Three sites; the third reaches the others through a relay that can be cut.
class Partition : public ProcessTest {
  protected:
    void SetUp() override {
        for (int i = 0; i < 3; ++i) make_site();
        // Found by themselves, they would not need the relay.
        sites_[0].start({}, {"--only-peers"});
        sites_[1].start({sites_[0].address()}, {"--only-peers"});
        const std::string to_a = "=" + std::to_string(sites_[0].port());
        const std::string to_b = "=" + std::to_string(sites_[1].port());
        relay_ = std::make_unique<Process>(
            std::vector<std::string>{KIGUMI_RELAY, "0" + to_a, "0" + to_b},
            scratch_.path() / "relay");
        ASSERT_TRUE(eventually(seconds(10), [&] {
            return relay_->output().find(to_b + "\n") != std::string::npos;
        })) << relay_->output();
        const std::string ports = relay_->output();
        const std::string second = ports.substr(ports.find('\n') + 1);
        sites_[2].start({"127.0.0.1:" + ports.substr(0, ports.find('=')),
                         "127.0.0.1:" + second.substr(0, second.find('='))},
                        {"--only-peers"});
        sites_[0].add("members", "kept");
        sites_[0].add("members", "removed");
        sites_[0].add("members", "removed and added");
        sites_[2].increment("count", 1);
        expect_converged();
    }

    void write_on_both_sides() {
        sites_[0].assign("register", "near");
        sites_[2].assign("register", "far");
        sites_[1].remove("members", "removed");
        sites_[1].remove("members", "removed and added");
        sites_[2].add("members", "removed and added");
        for (Site& site : sites_) site.increment("count", 10);
    }

    void expect_joined() {
        expect_converged();
        for (Site& site : sites_) {
            EXPECT_EQ(site.siblings("register"), 2U);
            EXPECT_EQ(site.get("register"), sites_[0].get("register"));
            EXPECT_TRUE(site.contains("members", "kept"));
            EXPECT_FALSE(site.contains("members", "removed"));
            EXPECT_TRUE(site.contains("members", "removed and added"));
            EXPECT_EQ(site.count("count"), 31);
        }
        sites_[1].assign("register", "settled");
        expect_converged();
        for (Site& site : sites_) EXPECT_EQ(site.siblings("register"), 1U);
    }

    std::unique_ptr<Process> relay_;
};

TEST_F(Partition, BothSidesWriteAndJoinWhenItHeals) {
    relay_->signal(SIGUSR1);
    write_on_both_sides();
    expect_converged({&sites_[0], &sites_[1]}, seconds(5));
    sleep_for_ms(800);
    EXPECT_EQ(sites_[1].siblings("register"), 1U) << "the relay is not cut";
    EXPECT_EQ(sites_[2].get("register"), "far");
    EXPECT_EQ(sites_[2].count("count"), 11);
    relay_->signal(SIGUSR2);
    expect_joined();
}

TEST_F(Partition, LongerThanAnyTimeoutHealsToo) {
    relay_->signal(SIGUSR1);
    write_on_both_sides();
    sleep_for_ms(9'000);
    EXPECT_EQ(sites_[2].get("register"), "far");
    const auto peers = sites_[2].store().peers(kDefaultBucket).value();
    ASSERT_EQ(peers.size(), 2U);
    for (const PeerRecord& peer : peers) EXPECT_FALSE(peer.connected);
    relay_->signal(SIGUSR2);
    expect_joined();
}

TEST_F(Partition, ThatComesAndGoesLosesNothing) {
    for (int i = 0; i < 8; ++i) {
        relay_->signal(i % 2 == 0 ? SIGUSR1 : SIGUSR2);
        for (Site& site : sites_)
            for (int n = 0; n < 10; ++n) site.increment("flapping", 1);
        sleep_for_ms(150);
    }
    expect_converged();
    for (Site& site : sites_) EXPECT_EQ(site.count("flapping"), 240);
}

TEST_F(Partition, OfABrokenRelayHealsWhenThereIsAnother) {
    relay_->kill();
    write_on_both_sides();
    const std::string ports = relay_->output();
    const auto end = ports.find('\n');
    relay_ = std::make_unique<Process>(
        std::vector<std::string>{KIGUMI_RELAY, ports.substr(0, end),
                                 ports.substr(end + 1, ports.find('\n', end + 1) - end - 1)},
        scratch_.path() / "relay2");
    expect_joined();
}

}  // namespace
}  // namespace kigumi
