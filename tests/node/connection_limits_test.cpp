#include "connection_limits.hpp"

#include <gtest/gtest.h>

namespace kigumi {
namespace {

TEST(ConnectionLimits, AreWholeWithEnoughDescriptors) {
    EXPECT_EQ(limits_within(wanted_descriptors()), ConnectionLimits());
    EXPECT_EQ(limits_within(UINT64_MAX), ConnectionLimits());
    EXPECT_NE(limits_within(wanted_descriptors() - 1), ConnectionLimits());
}

TEST(ConnectionLimits, LeaveRoomWhateverThereIs) {
    for (std::uint64_t descriptors = 128; descriptors < wanted_descriptors(); ++descriptors) {
        const ConnectionLimits limits = limits_within(descriptors);
        // For the process itself, for those it dials, and for newcomers.
        EXPECT_LE(limits.accepted + limits.silent, descriptors - descriptors / 4) << descriptors;
        EXPECT_GE(limits.accepted, 2 * limits.of_key) << descriptors;
        EXPECT_GT(limits.silent, limits.silent_of_range) << descriptors;
        EXPECT_GE(limits.silent_of_range, limits.silent_of_host) << descriptors;
        EXPECT_GT(limits.silent_of_host, 0U) << descriptors;
    }
}

}  // namespace
}  // namespace kigumi
