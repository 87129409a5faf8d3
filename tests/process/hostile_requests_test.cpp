#include "kigumi/crdt/path.hpp"
#include "kigumi/replication/batch.hpp"
#include "process/locked.hpp"

/// What a listed peer that may write can do to the requests of others.
namespace kigumi {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kQuota = 4'096;
constexpr std::uint64_t kFlood = 24'000;
constexpr std::uint64_t kRowsInAPush = 2'000;
constexpr std::uint64_t kIn2100Ms = 4'102'444'800'000;

class HostileRequests : public LockedTest {
  protected:
    static std::vector<std::string> options(const Key& key, const std::vector<std::string>& more) {
        std::vector<std::string> all = {"--key", key.file, "--request-rows",
                                        std::to_string(kQuota)};
        // A pass through all requests every five seconds; none gets too old.
        all.insert(all.end(), {"--request-ms", "320000"});
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    /// Adds 1 to a counter under the id of a request; returns whether it was a repetition.
    static bool order(Site& site, const std::string& id) {
        auto tx = site.store().write().value();
        const auto done = tx.request(id)
                              .once([&tx]() -> Result<Value> {
                                  KIGUMI_CHECK(tx.counter("orders").add(1));
                                  return Value();
                              })
                              .value();
        tx.commit().value();
        return done.repeated;
    }
    static std::uint64_t remembered(Site& site) {
        auto now = site.store().read().value();
        return count_requests(now).value().remembered;
    }
    /// Pushes that many executions of made-up requests, all with times in 2100.
    static void flood(Guest& guest, Site& site, const ReplicaId& as) {
        std::uint64_t counter = 0;
        while (counter < kFlood) {
            const VersionVector base =
                counter == 0 ? VersionVector() : VersionVector({{as, counter}});
            std::vector<KeyedRow> rows;
            for (std::uint64_t i = 0; i < kRowsInAPush; ++i) {
                KeyedRow& keyed = rows.emplace_back();
                keyed.at = {std::string(kRequestsKey), Type::kRequest, {}};
                path::append(keyed.at.path, Value("zz" + std::to_string(++counter)));
                keyed.row.insert({{as, counter}, Hlc::at_ms(kIn2100Ms + counter), Value()});
            }
            guest.send(wire::Push{
                std::string(kDefaultBucket), base, {{as, counter}}, {}, encode_batch(rows)});
            // What comes faster is thrown away, and pulled: this peer answers no pull.
            ASSERT_TRUE(eventually(seconds(60), [&] { return site.version()[as] >= counter; }))
                << counter << '\n'
                << site.daemon().output();
        }
    }
};

TEST_F(HostileRequests, AFloodWithTimesInTheFutureEvictsOnlyItsOwn) {
    const Key& one = make_key();
    const Key& two = make_key();
    const Key& sensor = make_key();
    Site& a = make_site();
    a.start({}, options(one, {"--allow=" + two.text(), "--allow=" + sensor.text() + "=write"}));
    Site& b = make_site();
    b.start({},
            options(two, {"--allow=" + one.text(), "--peer=" + one.text() + "@" + a.address()}));
    EXPECT_FALSE(order(a, "order-17"));
    EXPECT_FALSE(order(b, "order-18"));
    ASSERT_TRUE(
        eventually(seconds(60), [&] { return a.count("orders") == 2 && b.count("orders") == 2; }));

    Guest guest(context_, a.address(), sensor, one);
    ASSERT_TRUE(guest.is_answered(made_up(1)));
    flood(guest, a, made_up(1));
    ASSERT_TRUE(eventually(seconds(60), [&] { return b.version()[made_up(1)] == kFlood; }));
    // Until both have thrown away what is too many of the flood.
    const std::uint64_t left = kQuota + kQuota / 8 + 2;
    for (Site* const site : {&a, &b})
        ASSERT_TRUE(eventually(seconds(100), [&] { return remembered(*site) <= left; }))
            << remembered(*site) << '\n'
            << site->daemon().output();

    for (Site* const site : {&a, &b}) {
        EXPECT_TRUE(order(*site, "order-17")) << "a retry is executed again";
        EXPECT_TRUE(order(*site, "order-18")) << "a retry is executed again";
        EXPECT_EQ(site->count("orders"), 2);
    }
}

}  // namespace
}  // namespace kigumi
