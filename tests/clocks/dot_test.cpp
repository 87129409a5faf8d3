#include "kigumi/clocks/dot.hpp"

#include "support/clock_generators.hpp"

namespace kigumi {
namespace {

TEST(Dot, OrderIsOriginThenCounter) {
    EXPECT_LT((Dot{replica(1), 9}), (Dot{replica(2), 1}));
    EXPECT_LT((Dot{replica(1), 1}), (Dot{replica(1), 2}));
    EXPECT_EQ((Dot{replica(1), 2}), (Dot{replica(1), 2}));
    EXPECT_NE((Dot{replica(1), 2}), (Dot{replica(2), 2}));
}

TEST(Dot, TextNamesTheOriginInFull) {
    EXPECT_EQ((Dot{replica(0xAB), 12}).text(), "ab" + std::string(30, '0') + ":12");
}

}  // namespace
}  // namespace kigumi
