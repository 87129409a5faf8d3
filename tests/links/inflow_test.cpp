#include "protocol/inflow.hpp"

#include <gtest/gtest.h>

namespace kigumi {
namespace {

constexpr std::size_t kRoom = 1'000'000;

ReplicatorOptions slow() {
    ReplicatorOptions options;
    options.link_bytes_per_s = 1'000;
    options.link_messages_per_s = 100;
    options.link_waiting_bytes = 400;
    return options;
}

TEST(TokenBuckets, LetThroughTheirRateAndASecondOfItAtOnce) {
    TokenBucket bucket(100);
    std::uint64_t taken = 0;
    for (std::uint64_t ms = 0; ms < 10'000; ++ms)
        while (bucket.ready(ms)) {
            bucket.take(1);
            ++taken;
        }
    EXPECT_GE(taken, 1'095U);
    EXPECT_LE(taken, 1'105U);
}

TEST(TokenBuckets, TellWhenTheirDebtIsPaid) {
    TokenBucket bucket(100);
    ASSERT_TRUE(bucket.ready(0));
    bucket.take(300);
    EXPECT_GE(bucket.ready_at_ms(), 2'000U);
    EXPECT_LE(bucket.ready_at_ms(), 2'001U);
    EXPECT_FALSE(bucket.ready(1'999));
    EXPECT_TRUE(bucket.ready(bucket.ready_at_ms()));
}

TEST(WhatComesIn, WaitsInOrderWhenItIsTooMuch) {
    Inflow inflow(slow());
    ASSERT_TRUE(inflow.admits(0));
    inflow.charge({2'000, 1, 0});
    EXPECT_FALSE(inflow.admits(500));
    EXPECT_TRUE(inflow.put_aside("first", kRoom));
    EXPECT_TRUE(inflow.put_aside("second", kRoom));
    EXPECT_FALSE(inflow.next(999).has_value());
    EXPECT_EQ(inflow.next(inflow.ready_at_ms()), "first");
    EXPECT_FALSE(inflow.admits(1'100)) << "what waits goes first";
    EXPECT_EQ(inflow.next(1'100), "second");
    EXPECT_TRUE(inflow.admits(1'100));
    EXPECT_EQ(inflow.throttled(), 2U);
    EXPECT_EQ(inflow.bytes(), 0U);
}

TEST(WhatComesIn, IsKeptWithinBoundsAndThenThrownAway) {
    Inflow inflow(slow());
    ASSERT_TRUE(inflow.admits(0));
    inflow.charge({10'000, 1, 0});
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(inflow.put_aside(std::string(100, 'x'), kRoom));
    EXPECT_LE(inflow.bytes(), 400U);
    EXPECT_GT(inflow.dropped(), 10U);
    Inflow other(slow());
    EXPECT_TRUE(other.put_aside("x", 10)) << "no room on any link";
    EXPECT_EQ(other.dropped(), 1U);
}

TEST(WhatComesIn, WithoutEndIsAbuse) {
    Inflow inflow(slow());
    ASSERT_TRUE(inflow.admits(0));
    inflow.charge({100'000, 1, 0});
    int accepted = 0;
    while (inflow.put_aside(std::string(100, 'x'), kRoom) && accepted < 10'000) ++accepted;
    EXPECT_GT(accepted, 90) << "ten seconds' worth are borne";
    EXPECT_LT(accepted, 200);
}

TEST(WhatComesIn, IsBorneForEverIfItIsWithinTheRate) {
    Inflow inflow(slow());
    for (std::uint64_t ms = 0; ms < 1'000'000; ms += 100) {
        ASSERT_TRUE(inflow.admits(ms)) << ms;
        inflow.charge({99, 1, 0});
    }
    EXPECT_EQ(inflow.throttled(), 0U);
}

}  // namespace
}  // namespace kigumi
