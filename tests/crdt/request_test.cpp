#include <set>
#include <tuple>

#include "crdt/three_replicas.hpp"

namespace kigumi {
namespace {

class RequestTest : public ThreeReplicas {
  protected:
    /// Adds to the counter "c", once for each id; returns whether it had been done before.
    static bool add(MemoryRows& rows, std::string_view id, std::int64_t amount) {
        return rows.request(id)
            .once([&]() -> Result<Value> {
                KIGUMI_CHECK(rows.counter("c").add(amount));
                KIGUMI_TRY(const std::int64_t sum, rows.counter("c").value());
                return Value(sum);
            })
            .value()
            .repeated;
    }
    static std::int64_t sum(MemoryRows& rows) { return rows.counter("c").value().value(); }
};

TEST_F(RequestTest, CountsOnceWhereverItIsKnown) {
    EXPECT_FALSE(add(a, "order-1", 5));
    EXPECT_TRUE(add(a, "order-1", 5));
    sync(b, a);
    EXPECT_TRUE(add(b, "order-1", 5));
    EXPECT_EQ(sum(b), 5);
    EXPECT_EQ(b.request("order-1").outcome().value(), Value(5)) << "that of the first execution";
    EXPECT_FALSE(add(b, "order-2", 5));
    EXPECT_EQ(sum(b), 10);
}

TEST_F(RequestTest, ExecutedApartCountsTwiceAndShows) {
    add(a, "order-1", 5);
    add(b, "order-1", 5);
    sync_all();
    EXPECT_EQ(sum(c), 10);
    EXPECT_EQ(c.request("order-1").executions().value(), 2U);
    const RequestCount count = count_requests(c).value();
    EXPECT_EQ(count.remembered, 1U);
    EXPECT_EQ(count.concurrent, 1U);
    EXPECT_TRUE(add(c, "order-1", 5));
}

TEST_F(RequestTest, IsNoObject) {
    add(a, "order-1", 5);
    add(b, "order-1", 7);
    sync_all();
    a.scan({std::string(kRequestsKey), Type::kRequest, {}}, [](const RowKey& at, const Row& row) {
         EXPECT_FALSE(present(at, row));
         EXPECT_FALSE(in_conflict(at, row));
         return true;
     }).value();
    EXPECT_FALSE(a.erase(std::string(kRequestsKey), Type::kRequest));
    for (std::uint64_t number = 1; const auto type = object_type_of(number); ++number)
        EXPECT_FALSE(a.erase(std::string(kRequestsKey), *type).value());
    EXPECT_EQ(a.request("order-1").executions().value(), 2U);
    EXPECT_EQ(type_of(6), Type::kRequest);
    EXPECT_FALSE(object_type_of(6));
}

TEST_F(RequestTest, FailedWorkRecordsNothing) {
    const auto failed = a.request("order-1").once(
        []() -> Result<Value> { return fail(ErrorCode::kInvalidArgument, "no"); });
    EXPECT_FALSE(failed);
    EXPECT_FALSE(a.request("order-1").outcome().value());
}

TEST_F(RequestTest, RefusesWhatIsNoIdAndLongOutcomes) {
    for (const std::string& id : {std::string(), std::string(129, 'x'), std::string("\xFF")}) {
        const auto refused = a.request(id).outcome();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
        EXPECT_NE(refused.error().message.find("request"), std::string::npos);
        EXPECT_FALSE(a.request(id).once([]() -> Result<Value> { return Value(1); }));
    }
    EXPECT_FALSE(add(a, std::string(128, 'x'), 1));
    const auto long_one =
        a.request("order-1").once([]() -> Result<Value> { return Value(std::string(5'000, 'x')); });
    ASSERT_FALSE(long_one);
    EXPECT_NE(long_one.error().message.find("4 KiB"), std::string::npos);
    EXPECT_EQ(a.rows().size(), 2U);
}

TEST(RequestRow, StandsUnderItsOwnKeyOnly) {
    RowKey at{std::string(kRequestsKey), Type::kRequest, {}};
    EXPECT_FALSE(check_row_key(at));
    path::append(at.path, Value("id"));
    EXPECT_TRUE(check_row_key(at));
    EXPECT_FALSE(check_row_key({"other", Type::kRequest, at.path}));
    path::append(at.path, Value("more"));
    EXPECT_FALSE(check_row_key(at));
    RowKey leaf{"m", Type::kMap, {}};
    path::append(leaf.path, Value("field"));
    path::append(leaf.path, Type::kRequest);
    EXPECT_FALSE(check_row_key(leaf));
    RowKey number{std::string(kRequestsKey), Type::kRequest, {}};
    path::append(number.path, Value(1));
    EXPECT_FALSE(check_row_key(number));
}

RC_GTEST_PROP(RequestLaws, RetriesCountOncePerReplicaThatHasNotSeenIt, ()) {
    std::uint64_t now_ms = 1'000'000;
    std::vector<MemoryRows> replicas;
    for (std::uint8_t i = 1; i <= 3; ++i)
        replicas.emplace_back(replica(i), [&now_ms] { return now_ms; });
    // The model: which executions each replica has seen.
    std::vector<std::set<std::pair<unsigned, unsigned>>> seen(3);
    unsigned executions = 0;
    const auto events =
        *rc::gen::container<std::vector<std::tuple<unsigned, unsigned, unsigned>>>(rc::gen::tuple(
            rc::gen::inRange(0U, 3U), rc::gen::inRange(0U, 3U), rc::gen::inRange(0U, 4U)));
    for (const auto& event : events) {
        const auto [at, from, id] = event;
        ++now_ms;
        MemoryRows& rows = replicas[at];
        if (at != from) {
            rows.join(replicas[from]);
            seen[at].insert(seen[from].begin(), seen[from].end());
            continue;
        }
        const std::string name = "r" + std::to_string(id);
        const unsigned wanted = id;
        const bool known = std::any_of(seen[at].begin(), seen[at].end(),
                                       [wanted](const auto& one) { return one.first == wanted; });
        const auto done = rows.request(name)
                              .once([&rows]() -> Result<Value> {
                                  KIGUMI_CHECK(rows.counter("c").add(1));
                                  return Value();
                              })
                              .value();
        RC_ASSERT(done.repeated == known);
        if (!known) seen[at].emplace(id, executions++);
        const auto counted = static_cast<std::size_t>(rows.counter("c").value().value());
        RC_ASSERT(counted == seen[at].size());
    }
}

RC_GTEST_PROP(RequestLaws, RetriesInAnyOrderOverReplicasThatHaveSyncedCountOnce, ()) {
    std::uint64_t now_ms = 1'000'000;
    std::vector<MemoryRows> replicas;
    for (std::uint8_t i = 1; i <= 3; ++i)
        replicas.emplace_back(replica(i), [&now_ms] { return now_ms; });
    const auto retries = *rc::gen::container<std::vector<std::pair<unsigned, unsigned>>>(
        rc::gen::pair(rc::gen::inRange(0U, 3U), rc::gen::inRange(0U, 4U)));
    std::set<unsigned> ids;
    for (const auto& [at, id] : retries) {
        ++now_ms;
        MemoryRows& rows = replicas[at];
        for (const MemoryRows& other : replicas)
            if (&other != &rows) rows.join(other);
        ids.insert(id);
        rows.request("r" + std::to_string(id))
            .once([&rows]() -> Result<Value> {
                KIGUMI_CHECK(rows.counter("c").add(1));
                return Value();
            })
            .value();
        RC_ASSERT(static_cast<std::size_t>(rows.counter("c").value().value()) == ids.size());
    }
}

}  // namespace
}  // namespace kigumi
