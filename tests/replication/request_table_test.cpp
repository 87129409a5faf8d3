#include "protocol/request_table.hpp"

#include <gtest/gtest.h>

#include "kigumi/crdt/path.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "support/value_generators.hpp"

namespace kigumi {
namespace {

const ReplicaId kSelf = replica(1);
const ReplicaId kPeer = replica(2);
constexpr std::uint64_t kDayMs = 86'400'000;
constexpr std::uint64_t kIn2100Ms = 4'102'444'800'000;

RowKey request(std::uint64_t number) {
    RowKey at{std::string(kRequestsKey), Type::kRequest, {}};
    path::append(at.path, Value("r" + std::to_string(number)));
    return at;
}

Row executed(const ReplicaId& by, std::uint64_t counter, std::uint64_t time_ms = 0) {
    Row row;
    row.insert({{by, counter}, Hlc::at_ms(time_ms), Value()});
    return row;
}

class RequestTableTest : public testing::Test {
  protected:
    /// A pass over rows; returns how many of them have to go.
    std::size_t pass(RequestTable& table, const std::vector<Row>& rows) const {
        std::size_t expired = 0;
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (table.expired(request(i), rows[i], kSelf)) ++expired;
        table.end_step(true);
        return expired;
    }
    /// Lets so much time pass, with passes in between, and a version that covers all rows.
    std::size_t run(RequestTable& table, std::uint64_t ms, const std::vector<Row>& rows) {
        std::size_t expired = pass(table, rows);
        for (const std::uint64_t end = now_ms_ + ms; now_ms_ < end;) {
            now_ms_ += std::min(RequestTable::pause_ms(options_), end - now_ms_);
            table.advance(now_ms_, {{kSelf, 1'000}, {kPeer, 1'000}});
            expired = pass(table, rows);
        }
        return expired;
    }

    ReplicatorOptions options_;
    std::uint64_t now_ms_ = 5'000;
};

TEST_F(RequestTableTest, OwnRequestsGoAfterADayOthersAfterTwo) {
    RequestTable table(options_, {});
    EXPECT_EQ(run(table, kDayMs - 1, {executed(kSelf, 1), executed(kPeer, 1)}), 0U);
    EXPECT_EQ(run(table, kDayMs / 8, {executed(kSelf, 1), executed(kPeer, 1)}), 1U);
    EXPECT_EQ(run(table, kDayMs / 2, {executed(kPeer, 1)}), 0U);
    EXPECT_EQ(run(table, kDayMs / 2, {executed(kPeer, 1)}), 1U);
}

TEST_F(RequestTableTest, ClocksMakeNothingOldAndNothingImmortal) {
    RequestTable table(options_, {});
    const std::vector<Row> rows = {executed(kSelf, 1, 0), executed(kSelf, 2, kIn2100Ms)};
    EXPECT_EQ(run(table, kDayMs - 1, rows), 0U);
    EXPECT_EQ(run(table, kDayMs / 8, rows), 2U);
}

TEST_F(RequestTableTest, AnExecutionThatCameLaterIsYounger) {
    RequestTable table(options_, {});
    const std::vector<Row> rows = {executed(kSelf, 1), executed(kSelf, 2'000)};
    EXPECT_EQ(run(table, 3 * kDayMs, rows), 1U) << "no note covers the second one";
    Row twice = executed(kSelf, 1);
    twice.insert({{kPeer, 2'000}, Hlc(), Value()});
    EXPECT_EQ(run(table, kDayMs, {twice}), 0U) << "as old as its last execution";
}

TEST_F(RequestTableTest, ARestartLosesLittleAndCountsNothing) {
    std::vector<HeldVersion> notes;
    const std::vector<Row> rows = {executed(kSelf, 1)};
    // Twelve hours in each of three processes, days apart.
    for (int process = 0; process < 3; ++process) {
        RequestTable table(options_, notes);
        now_ms_ += 10 * kDayMs;
        table.advance(now_ms_, {});
        EXPECT_EQ(run(table, kDayMs / 2, rows), process == 2 ? 1U : 0U) << process;
        notes = table.notes();
        EXPECT_LE(notes.size(), 40U);
    }
}

TEST_F(RequestTableTest, TheOldestBeyondTheBoundGoEarlier) {
    options_.request_rows = 16;
    RequestTable table(options_, {});
    std::vector<Row> rows;
    for (std::uint64_t i = 1; i <= 20; ++i) rows.push_back(executed(kSelf, i, i));
    EXPECT_EQ(pass(table, rows), 0U) << "the first pass counts them";
    std::vector<std::uint64_t> gone;
    for (std::uint64_t i = 0; i < rows.size(); ++i)
        if (table.expired(request(i), rows[i], kSelf)) gone.push_back(i);
    EXPECT_EQ(gone, (std::vector<std::uint64_t>{0, 1, 2, 3}));
}

TEST_F(RequestTableTest, NoMoreThanTheBoundAsksForGo) {
    options_.request_rows = 16;
    RequestTable table(options_, {});
    std::vector<Row> rows;
    for (std::uint64_t i = 1; i <= 20; ++i) rows.push_back(executed(kSelf, i));
    pass(table, rows);
    EXPECT_EQ(pass(table, rows), 4U) << "though all bear one time";
}

TEST_F(RequestTableTest, WhatAClockInTheFutureStampedDoesNotCrowdOutTheRest) {
    options_.request_rows = 16;
    RequestTable table(options_, {});
    std::vector<Row> rows;
    for (std::uint64_t i = 1; i <= 16; ++i) rows.push_back(executed(kSelf, i, kIn2100Ms));
    run(table, kDayMs / 2, rows);
    for (std::uint64_t i = 1'001; i <= 1'004; ++i) rows.push_back(executed(kSelf, i, i));
    pass(table, rows);
    for (std::uint64_t i = 0; i < rows.size(); ++i)
        EXPECT_TRUE(!table.expired(request(i), rows[i], kSelf) || i < 16) << i;
}

TEST_F(RequestTableTest, TheBoundLeavesOthersSomeTime) {
    options_.request_rows = 16;
    RequestTable table(options_, {});
    std::vector<Row> rows;
    for (std::uint64_t i = 1; i <= 18; ++i) rows.push_back(executed(kPeer, i, i));
    pass(table, rows);
    EXPECT_EQ(pass(table, rows), 0U) << "their origin removes them";
    for (std::uint64_t i = 19; i <= 24; ++i) rows.push_back(executed(kPeer, i, i));
    pass(table, rows);
    EXPECT_EQ(pass(table, rows), 6U) << "it does not";
}

TEST(ReplicatorRequests, AreForgottenAndCollected) {
    const auto store = Store::over(std::make_shared<kv::MemoryEnv>()).value();
    ReplicatorOptions options;
    options.request_ms = 10'000;
    std::uint64_t random = 0;
    options.random = [&random] { return ++random; };
    Replicator replicator(*store, options);
    std::uint64_t now_ms = 1'000;
    const auto run_until = [&](std::uint64_t end_ms) {
        for (; now_ms < end_ms; now_ms = std::min(end_ms, replicator.next_wakeup())) {
            replicator.tick(now_ms);
            replicator.flush(now_ms);
            static_cast<void>(replicator.take_effects());
        }
    };
    const auto execute = [&](int number) {
        auto tx = store->write().value();
        const auto done = tx.request("r" + std::to_string(number)).once([&]() -> Result<Value> {
            KIGUMI_CHECK(tx.counter("c").add(1));
            return Value();
        });
        tx.commit().value();
        replicator.local_commit();
        return !done.value().repeated;
    };
    for (int i = 0; i < 2'000; ++i) EXPECT_TRUE(execute(i));
    run_until(10'000);
    EXPECT_FALSE(execute(7));
    run_until(15'000);
    {
        auto now = store->read().value();
        EXPECT_EQ(count_requests(now).value().remembered, 0U);
        EXPECT_EQ(now.count_rows().value(), 1U) << "the counter";
        EXPECT_EQ(now.counter("c").value().value(), 2'000);
    }
    EXPECT_TRUE(execute(7)) << "a new request";
}

}  // namespace
}  // namespace kigumi
