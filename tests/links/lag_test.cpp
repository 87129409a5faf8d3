#include "kigumi/replication/lag.hpp"

#include <gtest/gtest.h>

#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/store.hpp"

namespace kigumi {
namespace {

class ReplicationLag : public testing::Test {
  protected:
    void write(const std::string& key, std::uint64_t at_ms) {
        wall_ms_ = at_ms;
        auto tx = store_->write().value();
        tx.reg(key).assign("x").value();
        tx.commit().value();
    }
    Lag of(std::uint64_t own) {
        auto snapshot = store_->read().value();
        const ReplicaId self = store_->replica().value();
        VersionVector theirs;
        if (own > 0) theirs.raise(self, own);
        return lag_of(snapshot, self, theirs).value();
    }

    std::uint64_t wall_ms_ = 0;
    std::unique_ptr<Store> store_ =
        Store::over(std::make_shared<kv::MemoryEnv>(), {{}, [this] { return wall_ms_; }, {}})
            .value();
};

TEST_F(ReplicationLag, IsTheEventsThatAreLackingAndTheAgeOfTheOldest) {
    write("a", 1'000);
    write("b", 2'000);
    write("c", 5'000);
    EXPECT_EQ(of(0).events, 3U);
    EXPECT_EQ(of(0).own_events, 3U);
    EXPECT_EQ(of(0).age_ms(6'000), 5'000U);
    EXPECT_EQ(of(1).age_ms(6'000), 4'000U);
    EXPECT_EQ(of(3).events, 0U);
    EXPECT_EQ(of(3).oldest_ms, 0U);
    EXPECT_EQ(of(3).age_ms(6'000), 0U);
}

TEST_F(ReplicationLag, CountsWhatShowsNoMoreAndIsAsOldAsWhatDoes) {
    write("a", 1'000);
    write("a", 3'000);
    EXPECT_EQ(of(0).events, 2U);
    EXPECT_EQ(of(0).age_ms(3'500), 500U) << "the first write was replaced";
}

TEST_F(ReplicationLag, OfWhoeverSaysMoreThanThereIsIsNothing) {
    write("a", 1'000);
    EXPECT_EQ(of(7).events, 0U);
    EXPECT_EQ(of(7).own_events, 0U);
}

TEST_F(ReplicationLag, IsNotNegativeWhenTheClockGoesBack) {
    write("a", 9'000);
    EXPECT_EQ(of(0).age_ms(1'000), 0U);
}

}  // namespace
}  // namespace kigumi
