#include <csignal>

#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::seconds;

constexpr int kRows = 200'000;

class Bootstrap : public ProcessTest {
  protected:
    static void fill(Site& site) {
        for (int row = 0; row < kRows;) {
            auto tx = site.store().write().value();
            for (int i = 0; i < 20'000; ++i, ++row)
                tx.set("s").add(Value("a member with a long name " + std::to_string(row))).value();
            tx.commit().value();
        }
    }
    /// Waits until the site has put a part of a pull aside, and kills its daemon.
    static bool kill_in_pull(Site& site) {
        const bool staged = eventually(seconds(60), [&site] {
            return !site.store().staged_mark(kDefaultBucket).value().empty();
        });
        site.daemon().kill();
        return staged && site.version().empty();
    }
};

TEST_F(Bootstrap, GoesOnWhereAKilledDaemonWas) {
    Site& source = make_site();
    fill(source);
    source.start();
    Site& joining = make_site();
    joining.start({source.address()});
    ASSERT_TRUE(kill_in_pull(joining));
    joining.start({source.address()});
    const std::string resumed = joining.daemon().wait_for_output("event=pull.resume ");
    const auto rows = resumed.find("staged_rows=");
    ASSERT_NE(rows, std::string::npos) << joining.daemon().output();
    EXPECT_GT(std::stoi(resumed.substr(rows + 12)), 1'000);
    expect_converged(seconds(60));
    EXPECT_EQ(joining.size("s"), static_cast<std::size_t>(kRows));
    EXPECT_TRUE(joining.store().staged_mark(kDefaultBucket).value().empty());
    joining.store().read()->check_log().value();
}

TEST_F(Bootstrap, GoesOnWithASourceThatWasRestartedAsWell) {
    Site& source = make_site();
    fill(source);
    source.start();
    Site& joining = make_site();
    joining.start({source.address()});
    ASSERT_TRUE(kill_in_pull(joining));
    source.daemon().kill();
    source.remove("s", "a member with a long name 0");
    source.add("s", "another");
    source.start();
    joining.start({source.address()});
    EXPECT_FALSE(joining.daemon().wait_for_output("event=pull.resume ").empty());
    expect_converged(seconds(60));
    EXPECT_FALSE(joining.contains("s", "a member with a long name 0"));
    EXPECT_TRUE(joining.contains("s", "another"));
}

TEST_F(Bootstrap, StartsOverWithAnotherSource) {
    Site& source = make_site();
    fill(source);
    source.start();
    Site& other = make_site();
    other.start({source.address()});
    expect_converged(seconds(60));
    Site& joining = make_site();
    joining.start({source.address()});
    ASSERT_TRUE(kill_in_pull(joining));
    source.daemon().kill();
    joining.start({other.address()});
    expect_converged({&other, &joining}, seconds(60));
    EXPECT_EQ(joining.size("s"), static_cast<std::size_t>(kRows));
    EXPECT_EQ(joining.daemon().output().find("event=pull.resume"), std::string::npos);
}

TEST_F(Bootstrap, IsVisibleAtOnceAndFoldedInAfterAKill) {
    Site& source = make_site();
    fill(source);
    source.start();
    Site& joining = make_site();
    joining.start({source.address()});
    ASSERT_TRUE(eventually(seconds(60), [&] { return joining.store().read()->folding(); }));
    joining.daemon().kill();
    auto half = joining.store().read().value();
    ASSERT_TRUE(half.folding());
    EXPECT_EQ(half.version(), source.version());
    EXPECT_EQ(joining.size("s"), static_cast<std::size_t>(kRows));
    half.check_log().value();
    // An application goes on without its daemon.
    joining.remove("s", "a member with a long name 0");
    joining.remove("s", "a member with a long name 199999");
    joining.add("s", "another");
    joining.start({source.address()});
    // These writes need not wait for the rest.
    EXPECT_TRUE(eventually(seconds(60), [&] { return source.contains("s", "another"); }));
    EXPECT_TRUE(eventually(seconds(60), [&] { return !joining.store().read()->folding(); }));
    expect_converged(seconds(60));
    EXPECT_EQ(joining.size("s"), static_cast<std::size_t>(kRows - 1));
    EXPECT_FALSE(source.contains("s", "a member with a long name 199999"));
    joining.store().read()->check_log().value();
}

}  // namespace
}  // namespace kigumi
