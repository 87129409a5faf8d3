#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class Confirmations : public ProcessTest {
  protected:
    static VersionVector write(Site& site, const std::string& value) {
        auto tx = site.store().write().value();
        tx.reg("k").assign(value).value();
        const VersionVector version = tx.token().version("default");
        tx.commit().value();
        return version;
    }
};

TEST_F(Confirmations, AreWaitedForFromBesideTheDaemon) {
    make_mesh();
    for (int i = 0; i < 5; ++i) {
        const VersionVector version = write(sites_[0], std::to_string(i));
        EXPECT_EQ(sites_[0].store().wait_confirmed("default", version, 2, seconds(20)).value(), 2U);
        // Confirmed means that it is there.
        EXPECT_TRUE(sites_[1].version().covers(version));
        EXPECT_TRUE(sites_[2].version().covers(version));
    }
}

TEST_F(Confirmations, ComeFasterThanTheNodeWouldWriteThemDown) {
    for (int i = 0; i < 2; ++i) make_site();
    // A round in which the node would write it down anyway takes a minute here.
    sites_[0].start({}, {"--round-ms", "60000"});
    sites_[1].start({sites_[0].address()}, {"--round-ms", "60000"});
    const VersionVector first = write(sites_[0], "first");
    const auto begun = steady_clock::now();
    const auto waited = sites_[0].store().wait_confirmed("default", first, 1, seconds(20));
    EXPECT_TRUE(waited) << waited.error().message;
    EXPECT_LT(steady_clock::now() - begun, seconds(20));
}

TEST_F(Confirmations, OfWhoIsGoneDoNotCome) {
    make_mesh();
    ASSERT_TRUE(sites_[0].store().wait_confirmed("default", write(sites_[0], "a"), 2, seconds(20)));
    sites_[2].daemon().kill();
    const VersionVector version = write(sites_[0], "b");
    EXPECT_EQ(sites_[0].store().wait_confirmed("default", version, 1, seconds(20)).value(), 1U);
    const auto waited = sites_[0].store().wait_confirmed("default", version, 2, milliseconds(300));
    ASSERT_FALSE(waited);
    EXPECT_EQ(waited.error().code, ErrorCode::kNotYet);
    sites_[2].start({sites_[0].address(), sites_[1].address()});
    EXPECT_TRUE(sites_[0].store().wait_confirmed("default", version, 2, seconds(20)));
}

TEST_F(Confirmations, AndTokensGiveASessionItsOwnWritesEverywhere) {
    make_mesh();
    SessionToken token;
    for (int i = 0; i < 15; ++i) {
        Site& site = sites_[static_cast<std::size_t>(i % 3)];
        auto seen = site.store().read_at_least(token, "default", seconds(20));
        ASSERT_TRUE(seen) << seen.error().message;
        EXPECT_EQ(seen->counter("c").value().value(), i);
        auto tx = site.store().write().value();
        tx.counter("c").add(1).value();
        token.merge(tx.token());
        tx.commit().value();
    }
}

}  // namespace
}  // namespace kigumi
