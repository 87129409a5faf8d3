#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::seconds;

class Requests : public ProcessTest {
  protected:
    /// Adds 1 to the counter under the request's id; returns whether it was a repetition.
    static bool add(Site& site, const std::string& id) {
        auto tx = site.store().write().value();
        const auto done = tx.request(id)
                              .once([&tx]() -> Result<Value> {
                                  KIGUMI_CHECK(tx.counter("c").add(1));
                                  return Value();
                              })
                              .value();
        tx.commit().value();
        return done.repeated;
    }
    static RequestCount requests(Site& site) {
        auto now = site.store().read().value();
        return count_requests(now).value();
    }
};

TEST_F(Requests, CountOnceOnEveryNodeAndAfterCrashes) {
    make_mesh();
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(add(sites_[0], "r" + std::to_string(i)));
    expect_converged();
    for (Site& site : sites_) site.daemon().kill();
    for (Site& site : sites_)
        for (int i = 0; i < 20; ++i) EXPECT_TRUE(add(site, "r" + std::to_string(i)));
    sites_[0].start();
    sites_[1].start({sites_[0].address()});
    sites_[2].start({sites_[0].address(), sites_[1].address()});
    EXPECT_FALSE(add(sites_[2], "new"));
    expect_converged();
    for (Site& site : sites_) {
        EXPECT_EQ(site.count("c"), 21);
        EXPECT_EQ(requests(site).remembered, 21U);
        EXPECT_EQ(requests(site).concurrent, 0U);
    }
}

TEST_F(Requests, ExecutedOnBothSidesOfACutShow) {
    for (int i = 0; i < 2; ++i) make_site();
    EXPECT_FALSE(add(sites_[0], "r"));
    EXPECT_FALSE(add(sites_[1], "r")) << "it cannot know";
    sites_[0].start();
    sites_[1].start({sites_[0].address()});
    expect_converged();
    for (Site& site : sites_) {
        EXPECT_EQ(site.count("c"), 2);
        EXPECT_EQ(requests(site).remembered, 1U);
        EXPECT_EQ(requests(site).concurrent, 1U);
        EXPECT_TRUE(add(site, "r"));
    }
}

TEST_F(Requests, AreForgottenAndLeaveNothing) {
    Site& site = make_site();
    for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(add(site, "r" + std::to_string(i)));
    auto command = kigumid_command(site.directory(), "127.0.0.1:*");
    command.insert(command.end(), {"--request-ms", "1000", "--collect-ms", "100"});
    const Process daemon(command, scratch_.path() / "kigumid");
    EXPECT_TRUE(eventually(seconds(30), [&site] {
        return site.store().read().value().count_rows().value() == 1;
    })) << daemon.output();
    EXPECT_EQ(site.count("c"), 1'000);
    EXPECT_FALSE(add(site, "r1")) << "a new request";
}

}  // namespace
}  // namespace kigumi
