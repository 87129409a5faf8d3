#include <gtest/gtest.h>

#include "network.hpp"

namespace kigumi::sim {
namespace {

constexpr std::size_t kDigest = 3;
constexpr std::size_t kPush = 4;
constexpr std::size_t kPull = 5;
constexpr std::size_t kDigestChange = 15;
constexpr std::size_t kPushChange = 16;
constexpr std::size_t kSayWhole = 17;

void run(Network& network, std::uint64_t ms) {
    for (std::uint64_t i = 0; i < ms; ++i) network.step();
}

void write_and_run(Network& network, unsigned writes, std::uint64_t pause_ms) {
    for (unsigned i = 0; i < writes; ++i) {
        network.write(i % network.size(), true);
        run(network, pause_ms);
    }
}

std::uint64_t pushes(const Traffic& traffic) {
    return traffic.messages_by_kind[kPush] + traffic.messages_by_kind[kPushChange];
}

Network::Options options(unsigned nodes, std::uint64_t hop_ms) {
    Network::Options options;
    options.nodes = nodes;
    options.hop_ms = hop_ms;
    return options;
}

void connect_in_line(Network& network) {
    for (unsigned i = 1; i < network.size(); ++i) network.connect(i, i - 1);
}

TEST(Dissemination, TellsVectorsInChangesOnceBothSidesKnowEachOther) {
    Network network(options(10, 10));
    connect_in_line(network);
    write_and_run(network, 20, 500);
    const Traffic before = network.traffic();
    write_and_run(network, 20, 500);
    const Traffic spent = network.traffic().since(before);
    EXPECT_EQ(spent.messages_by_kind[kPush], 0U);
    EXPECT_EQ(spent.messages_by_kind[kSayWhole], 0U);
    EXPECT_EQ(spent.messages_by_kind[kPull], 0U);
    EXPECT_EQ(spent.messages_by_kind[kPushChange], 20U * 9);
    // Ten origins alone take 300 bytes.
    EXPECT_LT(spent.bytes_by_kind[kDigestChange] / spent.messages_by_kind[kDigestChange], 150U);
    EXPECT_TRUE(network.converged());
}

TEST(Dissemination, FallsBackToWholeVectorsWhereReferencesAgeOnTheirWay) {
    Network::Options slow = options(4, 1'500);
    slow.tune = [](unsigned, ReplicatorOptions& tuned) {
        tuned.silence_ms = tuned.pull_timeout_ms = 20'000;
    };
    Network network(std::move(slow));
    connect_in_line(network);
    write_and_run(network, 400, 100);
    EXPECT_GT(network.traffic().messages_by_kind[kSayWhole], 0U);
    run(network, 60'000);
    EXPECT_TRUE(network.converged());
    EXPECT_EQ(network.delays().size(), 400U * 3);
}

TEST(Dissemination, SaysLittleWhileNothingHappens) {
    Network network(options(5, 10));
    connect_in_line(network);
    run(network, 40'000);
    const Traffic before = network.traffic();
    run(network, 40'000);
    const Traffic idle = network.traffic().since(before);
    // Eight ends of links, two rounds a second: one in four tells what is held, of two buckets.
    EXPECT_LT(idle.bytes, 8U * 40 * 2 * 40);
    EXPECT_GT(idle.messages_by_kind[kDigest], 0U) << "signs of life";
    EXPECT_EQ(pushes(idle), 0U);
}

TEST(Dissemination, NeverPassesByALeafAndNeverStopsAtOne) {
    Network::Options with_leaf = options(3, 10);
    with_leaf.tune = [](unsigned node, ReplicatorOptions& tuned) { tuned.relay = node != 1; };
    Network network(std::move(with_leaf));
    connect_in_line(network);
    run(network, 10'000);
    const Traffic before = network.traffic();
    for (int i = 0; i < 10; ++i) {
        network.write(0, true);
        run(network, 2'000);
    }
    const Traffic spent = network.traffic().since(before);
    EXPECT_EQ(pushes(spent), 10U) << "from the master to the leaf, and no further";
    EXPECT_EQ(spent.messages_by_kind[kPull], 10U) << "the other master hears of it and pulls";
    EXPECT_TRUE(network.converged());
    network.write(1, true);
    run(network, 2'000);
    EXPECT_EQ(pushes(network.traffic().since(before)), 12U) << "its own go to both";
    EXPECT_TRUE(network.converged());
}

TEST(Dissemination, GraftsALinkWhereTheTreeIsBroken) {
    Network network(options(4, 10));
    for (const auto& [from, to] : {std::pair(1U, 0U), {2U, 1U}, {3U, 2U}, {3U, 0U}})
        network.connect(from, to);
    write_and_run(network, 40, 200);
    network.disconnect(1, 0);
    network.write(0, true);
    run(network, 3'000);
    ASSERT_TRUE(network.converged());
    // The way around is part of the tree now: pushes alone do it.
    const Traffic before = network.traffic();
    for (int i = 0; i < 5; ++i) {
        network.write(0, true);
        run(network, 1'000);
    }
    const Traffic spent = network.traffic().since(before);
    EXPECT_EQ(pushes(spent), 5U * 3);
    EXPECT_EQ(spent.messages_by_kind[kPull], 0U);
    EXPECT_TRUE(network.converged());
}

class DisseminationTo : public testing::TestWithParam<unsigned> {};

TEST_P(DisseminationTo, KeepsCausalOrderAndNeverSendsBack) {
    Network::Options faulty = options(GetParam(), 20);
    faulty.hop_jitter_ms = 10;
    Network network(std::move(faulty));
    for (unsigned i = 1; i < network.size(); ++i) {
        network.connect(i, i - 1);
        if (i > 4) network.connect(i, i - 5);
    }
    run(network, 5'000);
    network.lost = [&network](unsigned, unsigned) { return network.random().chance(5); };
    write_and_run(network, 100, 30);
    network.lost = nullptr;
    run(network, 30'000);
    EXPECT_TRUE(network.converged());
    EXPECT_EQ(network.delays().size(), std::size_t{100} * (network.size() - 1));
    EXPECT_EQ(network.out_of_order(), 0U);
    EXPECT_EQ(network.sent_back(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Nodes, DisseminationTo, testing::Values(3U, 12U));

}  // namespace
}  // namespace kigumi::sim
