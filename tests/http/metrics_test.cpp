#include <gtest/gtest.h>

#include "http/observations.hpp"
#include "http/prometheus.hpp"

namespace kigumi::http {
namespace {

TEST(Metrics, AreReadByAStrictReader) {
    for (const Observation& now : {full_observation(), Observation()}) {
        const Scrape scrape = read_scrape(metrics_text(now));
        for (const std::string& problem : scrape.problems) ADD_FAILURE() << problem;
        EXPECT_GT(scrape.families.size(), 10U);
    }
}

TEST(Metrics, TellWhatIsObserved) {
    Scrape scrape = read_scrape(metrics_text(full_observation()));
    const auto value = [&scrape](const std::string& family, const std::string& labels) {
        const auto& samples = scrape.families[family].samples;
        const auto at = samples.find(family + "{" + labels + "}");
        return at == samples.end() ? -1 : at->second;
    };
    EXPECT_EQ(value("kigumi_build_info", "version=\"1.2.3\""), 1);
    EXPECT_EQ(value("kigumi_rows", ""), 10);
    EXPECT_EQ(value("kigumi_siblings", ""), 3);
    EXPECT_EQ(value("kigumi_census_age_seconds", ""), 4);
    EXPECT_EQ(value("kigumi_store_commits_total", ""), 12);
    EXPECT_EQ(value("kigumi_commit_failures_total", ""), 1);
    std::string two = "peer=\"";
    for (int i = 0; i < 16; ++i) two += "02";
    two += "\"";
    EXPECT_EQ(value("kigumi_replication_lag_events", two), 10);
    EXPECT_EQ(value("kigumi_replication_lag_seconds", two), 2.5);
    EXPECT_EQ(value("kigumi_collected_rows_total", ""), 6);
    EXPECT_EQ(value("kigumi_pulls_done_total", ""), 6);
    EXPECT_EQ(value("kigumi_buckets_folding", ""), 2);
    EXPECT_EQ(value("kigumi_self_doubt", ""), 3);
    two += ",address=\"127.0.0.1:1\"";
    EXPECT_EQ(value("kigumi_peer_state", two + ",state=\"alive\""), 1);
    EXPECT_EQ(value("kigumi_peer_state", two + ",state=\"down\""), 0);
    EXPECT_EQ(value("kigumi_peer_state_since_seconds", two), 1'500);
    EXPECT_EQ(value("kigumi_backup_failing", "target=\"/backup/other\""), 1);
    EXPECT_EQ(value("kigumi_link_breaker_state",
                    "link=\"2\",peer=\"\",address=\"accepted\",state=\"open\""),
              1);
    EXPECT_EQ(value("kigumi_link_up", "link=\"2\",peer=\"\",address=\"accepted\""), 0);
}

TEST(Metrics, HoldCommitTimesAsAHistogram) {
    Scrape scrape = read_scrape(metrics_text(full_observation()));
    const auto& samples = scrape.families["kigumi_commit_duration_seconds"].samples;
    EXPECT_EQ(samples.at("kigumi_commit_duration_seconds_bucket{le=\"0.0001\"}"), 1);
    EXPECT_EQ(samples.at("kigumi_commit_duration_seconds_bucket{le=\"0.005\"}"), 2);
    EXPECT_EQ(samples.at("kigumi_commit_duration_seconds_bucket{le=\"5\"}"), 2);
    EXPECT_EQ(samples.at("kigumi_commit_duration_seconds_bucket{le=\"+Inf\"}"), 3);
    EXPECT_NEAR(samples.at("kigumi_commit_duration_seconds_sum{}"), 99.00305, 1e-6);
}

}  // namespace
}  // namespace kigumi::http
