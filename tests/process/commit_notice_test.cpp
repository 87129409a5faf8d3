#include <algorithm>

#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// How long a commit by this process takes to be visible at the other site: the median of several.
milliseconds median_delay(Site& from, Site& to) {
    std::vector<milliseconds> delays;
    for (int i = 0; i < 15; ++i) {
        // The messages that follow a change must not be what wakes the daemon for the next one.
        sleep_for_ms(120);
        from.add("seen", Value(i));
        const auto begun = Clock::now();
        EXPECT_TRUE(eventually(std::chrono::seconds(10), [&] { return to.contains("seen", i); }));
        delays.push_back(std::chrono::duration_cast<milliseconds>(Clock::now() - begun));
    }
    std::sort(delays.begin(), delays.end());
    return delays[delays.size() / 2];
}

// Digests come and go a few times a second. What depended on them, or on their waking the daemon,
// would take longer than this.
constexpr milliseconds kLessThanARound{75};

class CommitNotice : public ProcessTest {};

TEST_F(CommitNotice, WakesTheDaemon) {
    make_site().start();
    make_site().start({sites_[0].address()});
    sites_[0].add("seen", "first");
    expect_converged();
    EXPECT_LT(median_delay(sites_[0], sites_[1]), kLessThanARound);
}

TEST_F(CommitNotice, IsFoundByPollingIfTheSocketIsGone) {
    make_site().start();
    make_site().start({sites_[0].address()});
    sites_[0].add("seen", "first");
    expect_converged();
    ASSERT_TRUE(std::filesystem::remove(sites_[0].directory() / "kigumid.wake"));
    EXPECT_LT(median_delay(sites_[0], sites_[1]), kLessThanARound);
}

}  // namespace
}  // namespace kigumi
