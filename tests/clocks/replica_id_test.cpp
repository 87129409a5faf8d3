#include "kigumi/clocks/replica_id.hpp"

#include "support/clock_generators.hpp"

namespace kigumi {
namespace {

constexpr std::string_view kHex = "00ff10a5deadbeef0123456789abcdef";

TEST(ReplicaId, AllZeroNamesNobody) {
    EXPECT_EQ(ReplicaId().hex(), std::string(32, '0'));
    EXPECT_EQ(ReplicaId(), ReplicaId(ReplicaId::Bytes{}));
}

TEST(ReplicaId, HexRoundTrip) {
    const auto id = ReplicaId::from_hex(kHex);
    ASSERT_TRUE(id);
    EXPECT_EQ(id->hex(), kHex);
    EXPECT_EQ(id->short_hex(), "00ff10a5");
    EXPECT_EQ(ReplicaId::from_hex("00FF10A5DEADBEEF0123456789ABCDEF"), id);
}

TEST(ReplicaId, RefusesWhatIsNoHex) {
    const std::string hex(kHex);
    EXPECT_FALSE(ReplicaId::from_hex(""));
    EXPECT_FALSE(ReplicaId::from_hex(hex.substr(1)));
    EXPECT_FALSE(ReplicaId::from_hex(hex + "0"));
    EXPECT_FALSE(ReplicaId::from_hex(hex + "00"));
    for (const char wrong : {'g', ' ', '-', '/', ':', '@', '`', '\0', '\xFF'}) {
        for (const std::size_t at : {0U, 1U, 30U, 31U}) {
            std::string bad = hex;
            bad[at] = wrong;
            EXPECT_FALSE(ReplicaId::from_hex(bad)) << int{wrong} << " at " << at;
        }
    }
}

TEST(ReplicaId, RefusesOtherLengths) {
    EXPECT_FALSE(ReplicaId::from_bytes(""));
    EXPECT_FALSE(ReplicaId::from_bytes(std::string(15, 'x')));
    EXPECT_FALSE(ReplicaId::from_bytes(std::string(17, 'x')));
}

RC_GTEST_PROP(ReplicaIdLaws, BytesAndHexRoundTripAndKeepTheOrder,
              (const ReplicaId::Bytes& a, const ReplicaId::Bytes& b)) {
    const ReplicaId x(a);
    const ReplicaId y(b);
    RC_ASSERT(ReplicaId::from_bytes(x.bytes()) == x);
    RC_ASSERT(ReplicaId::from_hex(x.hex()) == x);
    RC_ASSERT((x < y) == (x.bytes() < y.bytes()));
    RC_ASSERT((x == y) == (x.hex() == y.hex()));
}

}  // namespace
}  // namespace kigumi
