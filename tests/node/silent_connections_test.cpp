#include "silent_connections.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kigumi {
namespace {

class SilentConnections : public testing::Test {
  protected:
    /// From an address of a range of a site; the descriptors count from 0.
    void come(const std::string& site, int range, int host) {
        const std::string in_site = site + std::to_string(range);
        const int next = static_cast<int>(silent_.size());
        silent_.push_back({next,
                           static_cast<std::uint64_t>(next),
                           {in_site + "." + std::to_string(host), in_site, site}});
    }
    std::vector<int> surplus() const {
        std::vector<int> surplus = surplus_of(silent_, limits_);
        std::sort(surplus.begin(), surplus.end());
        return surplus;
    }

    ConnectionLimits limits_;
    std::vector<SilentConnection> silent_;
};

TEST_F(SilentConnections, OfOneHostAreBounded) {
    limits_.silent_of_host = 3;
    for (int i = 0; i < 5; ++i) come("a", 1, 1);
    come("a", 1, 2);
    EXPECT_EQ(surplus(), (std::vector<int>{0, 1}));
}

TEST_F(SilentConnections, OfOneRangeAreBounded) {
    limits_.silent_of_host = 3;
    limits_.silent_of_range = 4;
    for (int i = 0; i < 6; ++i) come("a", 1, i);
    for (int i = 0; i < 4; ++i) come("a", 2, i);
    EXPECT_EQ(surplus(), (std::vector<int>{0, 1}));
}

TEST_F(SilentConnections, AFloodPushesOutItself) {
    limits_.silent = 100;
    come("honest", 1, 1);
    for (int i = 0; i < 300; ++i) come("flood", i / 100, i);
    come("honest", 2, 1);
    const std::vector<int> out = surplus();
    EXPECT_EQ(out.size(), 202U);
    EXPECT_FALSE(std::binary_search(out.begin(), out.end(), 0));
    EXPECT_FALSE(std::binary_search(out.begin(), out.end(), 301));
}

/// Who has a /48 has 65,536 /64s.
TEST_F(SilentConnections, RangesOfOneSiteCountTogether) {
    limits_.silent = 100;
    come("honest", 1, 1);
    come("honest", 1, 2);
    for (int i = 0; i < 300; ++i) come("flood", i, 1);
    const std::vector<int> out = surplus();
    EXPECT_EQ(out.size(), 202U);
    EXPECT_FALSE(std::binary_search(out.begin(), out.end(), 0));
    EXPECT_FALSE(std::binary_search(out.begin(), out.end(), 1));
}

TEST_F(SilentConnections, AmongEqualsTheOldestGoes) {
    limits_.silent = 68;
    limits_.silent_of_host = 1;
    for (int i = 0; i < 70; ++i) come("site" + std::to_string(i) + "/", 1, 1);
    EXPECT_EQ(surplus(), (std::vector<int>{0, 1}));
}

}  // namespace
}  // namespace kigumi
