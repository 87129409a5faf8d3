#include "suggestion.hpp"

#include <gtest/gtest.h>

namespace kigumi::config {
namespace {

TEST(Suggestion, IsTheNearestWordIfAnyIsNear) {
    const std::vector<std::string> known = {"push_ms", "pull_ms", "level"};
    EXPECT_EQ(nearest("push_sm", known), "push_ms");
    EXPECT_EQ(nearest("lvel", known), "level");
    EXPECT_EQ(nearest("temperature", known), "");
    EXPECT_EQ(nearest(std::string(10'000, 'x'), known), "");
    EXPECT_EQ(nearest("", {}), "");
}

}  // namespace
}  // namespace kigumi::config
