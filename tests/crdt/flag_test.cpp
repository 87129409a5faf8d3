#include "crdt/three_replicas.hpp"

namespace kigumi {
namespace {

using FlagTest = ThreeReplicas;

TEST_F(FlagTest, IsOffUntilEnabled) {
    EXPECT_FALSE(a.flag("f").enabled().value());
    EXPECT_FALSE(a.flag("f").enabled_by_all().value());
    a.flag("f").enable().value();
    EXPECT_TRUE(a.flag("f").enabled().value());
    EXPECT_TRUE(a.flag("f").enabled_by_all().value());
    a.flag("f").disable().value();
    EXPECT_FALSE(a.flag("f").enabled().value());
    EXPECT_FALSE(a.flag("f").enabled_by_all().value());
}

TEST_F(FlagTest, ConcurrentlyEnableWinsOneReadingAndDisableTheOther) {
    a.flag("f").enable().value();
    sync_all();
    a.flag("f").disable().value();
    b.flag("f").enable().value();
    sync_all();
    for (MemoryRows* rows : {&a, &b, &c}) {
        EXPECT_TRUE(rows->flag("f").enabled().value());
        EXPECT_FALSE(rows->flag("f").enabled_by_all().value());
    }
}

TEST_F(FlagTest, ADisableThatSawTheEnableWins) {
    a.flag("f").enable().value();
    b.flag("f").enable().value();
    sync_all();
    c.flag("f").disable().value();
    sync_all();
    EXPECT_FALSE(a.flag("f").enabled().value());
}

TEST_F(FlagTest, ErasedItIsOff) {
    a.flag("f").enable().value();
    EXPECT_TRUE(a.erase("f", Type::kFlag).value());
    EXPECT_FALSE(a.flag("f").enabled().value());
    EXPECT_FALSE(a.flag("f").enabled_by_all().value());
    EXPECT_FALSE(a.erase("f", Type::kFlag).value());
}

RC_GTEST_PROP(FlagModelLaws, AloneItIsABool, (const std::vector<bool>& ops)) {
    MemoryRows rows = one_replica();
    for (const bool on : ops) {
        on ? rows.flag("f").enable().value() : rows.flag("f").disable().value();
        RC_ASSERT(rows.flag("f").enabled().value() == on);
        RC_ASSERT(rows.flag("f").enabled_by_all().value() == on);
    }
}

}  // namespace
}  // namespace kigumi
