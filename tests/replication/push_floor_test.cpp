#include <gtest/gtest.h>

#include "kigumi/replication/memory_env.hpp"
#include "protocol/push.hpp"

namespace kigumi {
namespace {

/// A replica, and what the protocol does to it.
class Replica {
  public:
    template <class Change>
    void write(Change change) {
        auto tx = store_->write().value();
        change(tx);
        tx.commit().value();
    }
    void collect(const VersionVector& stable) {
        std::string cursor;
        const auto places = read().collectable(stable, 100, cursor).value();
        write([&](WriteTransaction& tx) { tx.collect(places, stable).value(); });
    }
    /// Receives a push of all that `from` has beyond `base`; false if none can be made.
    bool receive(Replica& from, const VersionVector& base) {
        auto snapshot = from.read();
        const auto push = make_push(snapshot, std::string(kDefaultBucket), base, 1 << 20).value();
        if (!push) return false;
        HeldPushes held;
        held.add(check_push(1, *push).value());
        EXPECT_EQ(held.apply(*store_, std::string(kDefaultBucket)).value().joined, 1U);
        return true;
    }
    ReadTransaction read() { return store_->read().value(); }
    VersionVector version() { return read().version(); }
    VersionVector floor() { return read().floor(); }

  private:
    std::unique_ptr<Store> store_ = Store::over(std::make_shared<kv::MemoryEnv>()).value();
};

class PushFloor : public testing::Test {
  protected:
    /// `collector_` and `peer_` have seen a member added and removed, and the first has collected
    /// that.
    void SetUp() override {
        collector_.write([](auto& tx) { static_cast<void>(tx.set("s").add("x").value()); });
        added_ = collector_.version();
        collector_.write([](auto& tx) { static_cast<void>(tx.set("s").erase("x").value()); });
        removed_ = collector_.version();
        ASSERT_TRUE(peer_.receive(collector_, {}));
        collector_.collect(removed_);
        ASSERT_EQ(collector_.floor(), removed_);
    }

    Replica collector_;
    Replica peer_;
    Replica stranger_;
    VersionVector added_;
    VersionVector removed_;
};

TEST_F(PushFloor, NothingIsPushedToWhoLacksWhatWasCollected) {
    Replica behind;
    EXPECT_FALSE(behind.receive(collector_, {})) << "it would never hear of the removal";
    EXPECT_FALSE(behind.receive(collector_, added_));
}

TEST_F(PushFloor, IsTakenOverWithTheRowsThatLackARemoval) {
    // A replica that nobody knew of brings a concurrent value, to the collector first.
    stranger_.write([](auto& tx) { static_cast<void>(tx.set("s").add("x").value()); });
    ASSERT_TRUE(collector_.receive(stranger_, {}));
    EXPECT_TRUE(peer_.floor().empty());
    // Relayed to the peer, that row takes its removal along. Who has not seen the removal could
    // then pull from the peer, which has no trace of it, and keep what was removed.
    ASSERT_TRUE(peer_.receive(collector_, removed_));
    EXPECT_EQ(peer_.read().count_removed().value(), 0U);
    EXPECT_TRUE(peer_.read().set("s").contains("x").value());
    EXPECT_EQ(peer_.floor(), removed_) << "so the peer answers it with all rows";
    peer_.read().check_log().value();
}

}  // namespace
}  // namespace kigumi
