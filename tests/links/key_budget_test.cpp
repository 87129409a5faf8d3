#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/status.hpp"
#include "protocol/messages.hpp"
#include "protocol/peer_budget.hpp"

/// What one key may cost a node, however many links it opens.
namespace kigumi {
namespace {

/// A key that may do everything, on any number of links.
struct KeyPolicy : PeerPolicy {
    explicit KeyPolicy(std::string name) : key(std::move(name)) {}

    std::string_view peer() const override { return key; }
    Rights in(std::string_view) const override { return {}; }
    Result<void> claim(const ReplicaId&) override { return {}; }
    bool owns(const ReplicaId&) const override { return true; }

    std::string key;
};

ReplicaId replica(std::uint8_t number) { return ReplicaId(ReplicaId::Bytes{number, 0xEE}); }

ReplicatorOptions slow() {
    ReplicatorOptions options;
    options.link_messages_per_s = 100;
    options.link_waiting_bytes = 10'000;
    options.random = [generator = std::make_shared<std::mt19937_64>(1)] { return (*generator)(); };
    return options;
}

/// A replicator, and links of several keys to it.
class OneKey : public testing::Test {
  protected:
    explicit OneKey(ReplicatorOptions options = slow())
        : store_(Store::over(std::make_shared<kv::MemoryEnv>()).value()),
          replicator_(*store_, std::move(options)) {}

    void open_link(LinkId link, const std::string& key, std::uint8_t number) {
        replicator_.link_up(link, false, key, now_ms_, std::make_shared<KeyPolicy>(key));
        say(link, wire::Hello{wire::kProtocolVersion, replica(number), true, {}});
    }
    void say(LinkId link, const wire::Message& message) {
        replicator_.receive(link, wire::encode(message), now_ms_);
    }
    void turn() {
        replicator_.tick(now_ms_);
        replicator_.flush(now_ms_);
        const Effects effects = replicator_.take_effects();
        closes_ += effects.closes.size();
    }
    LinkStatus link(LinkId id) {
        for (const LinkStatus& status : replicator_.status().links)
            if (status.link == id) return status;
        return {};
    }
    /// Over the links in [first, last].
    template <class Value>
    std::uint64_t sum(LinkId first, LinkId last, Value value) {
        std::uint64_t total = 0;
        for (LinkId id = first; id <= last; ++id) total += value(link(id));
        return total;
    }

    std::unique_ptr<Store> store_;
    Replicator replicator_;
    std::uint64_t now_ms_ = 1'000;
    std::size_t closes_ = 0;
};

TEST_F(OneKey, HasOneShareOnManyLinks) {
    for (LinkId id = 1; id <= 10; ++id) open_link(id, "attacker", static_cast<std::uint8_t>(id));
    open_link(20, "honest", 20);
    for (int i = 0; i < 50; ++i)
        for (LinkId id = 1; id <= 10; ++id) say(id, wire::Digest{});
    say(20, wire::Digest{});
    const auto throttled = [](const LinkStatus& one) {
        return one.traffic.throttled + one.traffic.dropped;
    };
    EXPECT_GE(sum(1, 10, throttled), 380U) << "one share of 100 messages, not ten";
    EXPECT_EQ(throttled(link(20)), 0U) << "another key has a share of its own";
}

TEST_F(OneKey, KeepsNoMoreWaitingThanOneShareOnManyLinks) {
    for (LinkId id = 1; id <= 10; ++id) open_link(id, "attacker", static_cast<std::uint8_t>(id));
    for (int i = 0; i < 500; ++i)
        for (LinkId id = 1; id <= 10; ++id) say(id, wire::Digest{});
    EXPECT_LE(sum(1, 10, [](const LinkStatus& one) { return one.held_bytes; }), 10'000U);
    EXPECT_GT(sum(1, 10, [](const LinkStatus& one) { return one.held_bytes; }), 5'000U);
}

TEST_F(OneKey, IsNotForgivenItsDebtForComingBack) {
    for (int visit = 0; visit < 20; ++visit) {
        open_link(static_cast<LinkId>(visit + 1), "attacker", 1);
        for (int i = 0; i < 50; ++i) say(static_cast<LinkId>(visit + 1), wire::Digest{});
        if (visit < 19) replicator_.link_down(static_cast<LinkId>(visit + 1));
        turn();
    }
    const TrafficStatus last = link(20).traffic;
    EXPECT_GE(last.throttled + last.dropped, 50U);
    // And is, once it has waited for as long as its debt takes.
    now_ms_ += 60'000;
    turn();
    const std::uint64_t before = link(20).traffic.throttled;
    say(20, wire::Digest{});
    EXPECT_EQ(link(20).traffic.throttled, before);
}

TEST_F(OneKey, LetsOthersHaveTheirTurnWhenManyMessagesWait) {
    for (LinkId id = 1; id <= 10; ++id) open_link(id, "attacker", static_cast<std::uint8_t>(id));
    open_link(20, "honest", 20);
    // Both have spent their share, and something of both waits.
    for (int i = 0; i < 150; ++i) {
        say(1 + static_cast<LinkId>(i % 10), wire::Digest{});
        say(20, wire::Digest{});
    }
    const std::uint64_t waiting = link(20).held_bytes;
    ASSERT_GT(waiting, 0U);
    for (int i = 0; i < 100; ++i) {
        now_ms_ += 10;
        turn();
    }
    EXPECT_EQ(link(20).held_bytes, 0U) << "as many messages as it may send in a second";
}

ReplicatorOptions little_work() {
    ReplicatorOptions options = slow();
    options.link_messages_per_s = 20'000;
    options.link_waiting_bytes = std::size_t{4} << 20;
    options.peer_work_per_s = 100'000;
    return options;
}

class WorkOfOneKey : public OneKey {
  protected:
    WorkOfOneKey() : OneKey(little_work()) {}
    /// A push of so many rows that everybody may make.
    static wire::Push push(const ReplicaId& origin, std::uint64_t from, std::uint64_t rows) {
        wire::Push push{"default", {}, {}, {}, {}};
        if (from > 0) push.base.raise(origin, from);
        push.version.raise(origin, from + rows);
        BatchWriter batch;
        for (std::uint64_t i = 1; i <= rows; ++i) {
            KeyedRow keyed;
            keyed.at = {"k" + std::to_string(from + i), Type::kRegister, {}};
            keyed.row.insert(Write{{origin, from + i}, Hlc::at_ms(1), Value("v"), {}});
            batch.add(keyed);
        }
        push.batch = batch.finish();
        return push;
    }
};

TEST_F(WorkOfOneKey, IsChargedByRowsAndNotByBytesOnly) {
    open_link(1, "writer", 1);
    // Few messages and bytes, and 80,000 rows of work.
    for (std::uint64_t i = 0; i < 40; ++i) say(1, push(replica(1), i * 2'000, 2'000));
    EXPECT_GT(link(1).traffic.throttled, 20U);
    EXPECT_EQ(link(1).traffic.dropped, 0U);
    for (int i = 0; i < 200; ++i) {
        now_ms_ += 100;
        turn();
    }
    EXPECT_EQ(link(1).held_bytes, 0U);
    EXPECT_EQ(store_->read("default").value().version()[replica(1)], 80'000U)
        << "what had to wait is not lost";
}

TEST_F(WorkOfOneKey, DoesNotFillATurnOfTheLoop) {
    for (LinkId id = 1; id <= 8; ++id)
        open_link(id, "k" + std::to_string(id), static_cast<std::uint8_t>(id));
    // Every key leaves work of a second behind.
    for (std::uint64_t i = 0; i < 10; ++i)
        for (LinkId id = 1; id <= 8; ++id) {
            const ReplicaId origin = replica(static_cast<std::uint8_t>(id));
            say(id, push(origin, i * 2'000, 2'000));
        }
    // By now all could be worked on at once.
    now_ms_ += 4'000;
    const auto waiting = [this] {
        return sum(1, 8, [](const LinkStatus& one) { return one.held_bytes; });
    };
    const std::uint64_t before = waiting();
    ASSERT_GT(before, 0U);
    replicator_.tick(now_ms_);
    EXPECT_GT(waiting(), before / 2) << "the rest waits for the next turn";
    EXPECT_LE(replicator_.next_wakeup(), now_ms_) << "which follows at once";
    for (int i = 0; i < 1'000 && waiting() > 0; ++i) {
        now_ms_ += 10;
        turn();
    }
    EXPECT_EQ(waiting(), 0U);
}

TEST(PeerBudgetsOfKeys, AreForgottenOnlyWhenNothingIsOwed) {
    const ReplicatorOptions options = slow();
    PeerBudgets budgets(options);
    const PeerBudget* const first = budgets.of("one").get();
    budgets.of("one")->charge({0, 300, 0});
    budgets.forget_rested(1'000);
    EXPECT_EQ(budgets.of("one").get(), first);
    EXPECT_FALSE(budgets.of("one")->ready(2'000));
    budgets.forget_rested(10'000);
    EXPECT_EQ(budgets.size(), 0U);
    EXPECT_TRUE(budgets.of("one")->ready(10'000));
}

TEST(PeerBudgetsOfKeys, OfManyGoneKeysAreNotKeptForEver) {
    const ReplicatorOptions options = slow();
    PeerBudgets budgets(options);
    const auto kept = budgets.of("kept");
    kept->charge({0, 1'000'000, 0});
    for (int i = 0; i < 5'000; ++i) budgets.of("key " + std::to_string(i))->charge({0, 1'000, 0});
    budgets.forget_rested(1);
    EXPECT_LE(budgets.size(), 1'025U);
    EXPECT_FALSE(budgets.of("kept")->ready(2));
}

}  // namespace
}  // namespace kigumi
