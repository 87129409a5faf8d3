#include "kigumi/replication/check.hpp"
#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::seconds;

/// Two masters with a signed bucket, linked by a third that has not signed it.
TEST_F(ProcessTest, ASignedBucketCrossesARelayAndTakesNothingUnsigned) {
    for (int i = 0; i < 3; ++i) make_site();
    Site &one = sites_[0], &two = sites_[1], &relay = sites_[2];
    relay.start({}, {"--only-peers"});
    one.start({relay.address()}, {"--only-peers", "--signed", "default"});
    two.start({relay.address()}, {"--only-peers", "--signed", "default"});
    one.assign("a", "one's");
    two.assign("b", "two's");
    one.increment("n", 2);
    two.increment("n", 3);
    expect_converged(seconds(30));
    EXPECT_EQ(relay.count("n"), 5);
    for (Site* const site : {&one, &two})
        EXPECT_TRUE(check::run(site->store())->sound()) << site->daemon().output();

    relay.assign("c", "unsigned");
    EXPECT_NE(one.daemon().wait_for_output("event=write.refused"), "");
    EXPECT_NE(two.daemon().wait_for_output("event=write.refused"), "");
    EXPECT_EQ(one.get("c") + two.get("c"), "");
}

TEST_F(ProcessTest, ADaemonDoesNotRunOnABucketThatCannotBeSigned) {
    make_site();
    sites_[0].assign("a", "written before");
    Process daemon({KIGUMID, "--data", sites_[0].directory().string(), "--listen", "127.0.0.1:*",
                    "--insecure", "--signed", "default"},
                   scratch_.path() / "refused");
    EXPECT_EQ(daemon.wait_for(seconds(20)), 2);
    EXPECT_NE(daemon.output().find("bears no proof"), std::string::npos) << daemon.output();
}

}  // namespace
}  // namespace kigumi
