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

/// Replicas in the order of their ids.
const RequestTable::Numbers kNumbers = [](const ReplicaId& origin) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(origin.bytes()[0])) * 256 +
           static_cast<unsigned char>(origin.bytes()[1]);
};

class RequestTableTest : public testing::Test {
  protected:
    /// A pass over rows; returns how many of them have to go.
    std::size_t pass(RequestTable& table, const std::vector<Row>& rows) const {
        std::size_t expired = 0;
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (table.expired(request(i), rows[i], kSelf, kNumbers)) ++expired;
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
        if (table.expired(request(i), rows[i], kSelf, kNumbers)) gone.push_back(i);
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
        EXPECT_TRUE(!table.expired(request(i), rows[i], kSelf, kNumbers) || i < 16) << i;
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

TEST_F(RequestTableTest, AFloodOfOneOriginLeavesThoseOfOthers) {
    options_.request_rows = 16;
    RequestTable table(options_, {});
    std::vector<Row> rows;
    for (std::uint64_t i = 1; i <= 10; ++i) rows.push_back(executed(kSelf, i));
    for (std::uint64_t i = 1; i <= 10; ++i) rows.push_back(executed(kPeer, i));
    for (std::uint64_t i = 1; i <= 500; ++i) rows.push_back(executed(replica(3), i, kIn2100Ms));
    pass(table, rows);
    std::vector<std::uint64_t> kept;
    for (std::uint64_t i = 0; i < rows.size(); ++i)
        if (!table.expired(request(i), rows[i], kSelf, kNumbers)) kept.push_back(i);
    ASSERT_EQ(kept.size(), 20U + 18U);
    EXPECT_EQ(kept[19], 19U) << "all of the others";
    EXPECT_EQ(kept[20], 502U) << "and the youngest of the flood";
}

TEST_F(RequestTableTest, AnExecutionElsewhereDoesNotMakeARowOneTooMany) {
    options_.request_rows = 16;
    RequestTable table(options_, {});
    std::vector<Row> rows;
    for (std::uint64_t i = 1; i <= 500; ++i) rows.push_back(executed(replica(3), i));
    rows.front().insert({{kPeer, 1}, Hlc(), Value()});
    pass(table, rows);
    EXPECT_FALSE(table.expired(request(0), rows[0], kSelf, kNumbers));
    EXPECT_TRUE(table.expired(request(1), rows[1], kSelf, kNumbers));
}

TEST_F(RequestTableTest, MadeUpOriginsTakeNoRoomOfThoseThatWereHereBefore) {
    options_.request_rows = 16;
    RequestTable table(options_, {});
    const auto made_up = [](unsigned i) {
        return ReplicaId(ReplicaId::Bytes{static_cast<std::uint8_t>(16 + i / 256),
                                          static_cast<std::uint8_t>(i % 256)});
    };
    std::vector<Row> rows;
    // In front of the others, so that they are counted first.
    for (unsigned i = 0; i < 2'000; ++i) rows.push_back(executed(made_up(i), 1, kIn2100Ms));
    for (std::uint64_t i = 1; i <= 10; ++i) rows.push_back(executed(kPeer, i));
    for (std::uint64_t i = 1; i <= 10; ++i) rows.push_back(executed(kSelf, i));
    for (int i = 0; i < 2; ++i) pass(table, rows);
    std::size_t gone = 0;
    for (std::uint64_t i = 0; i < rows.size(); ++i) {
        const bool expired = table.expired(request(i), rows[i], kSelf, kNumbers);
        EXPECT_TRUE(!expired || i < 2'000) << i;
        gone += expired ? 1 : 0;
    }
    EXPECT_EQ(gone, 2'000U - (RequestQuota::kOrigins - 2) - 18) << "they share one quota";
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
