#include "exposition.hpp"

#include <gtest/gtest.h>

#include "http/prometheus.hpp"

namespace kigumi::http {
namespace {

TEST(Exposition, WritesWhatPrometheusReads) {
    Exposition out;
    out.family("a_total", Exposition::Kind::kCounter, "Some.");
    out.sample(3);
    out.sample(0.5, {{"x", "quote \" back \\ line \n"}, {"y", ""}});
    EXPECT_EQ(out.text(),
              "# HELP a_total Some.\n# TYPE a_total counter\na_total 3\n"
              "a_total{x=\"quote \\\" back \\\\ line \\n\",y=\"\"} 0.5\n");
    EXPECT_TRUE(read_scrape(out.text()).problems.empty());
}

TEST(Exposition, WritesNoBytesThatAreNoText) {
    Exposition out;
    out.family("a", Exposition::Kind::kGauge, "Some.");
    out.sample(1, {{"path", "/b\xff/\xc3\xa4"}});
    EXPECT_EQ(out.text().find('\xff'), std::string::npos);
    EXPECT_NE(out.text().find("\xc3\xa4"), std::string::npos);
}

TEST(Exposition, WritesNumbersInFull) {
    EXPECT_EQ(number_text(0), "0");
    EXPECT_EQ(number_text(1732186800.5), "1732186800.5");
    EXPECT_EQ(number_text(0.00025), "0.00025");
    EXPECT_EQ(std::stod(number_text(18446744073709551615.0)), 18446744073709551615.0);
}

TEST(ScrapeReader, FindsWhatIsWrong) {
    const std::string good = "# HELP a_total x\n# TYPE a_total counter\n";
    EXPECT_TRUE(read_scrape(good + "a_total 1\n").problems.empty());
    for (const std::string& bad :
         {std::string("a_total 1\n"), good + "b 1\n", good + "a_total one\n", good + "a_total -1\n",
          good + "a_total 1\na_total 2\n", good + good, good + "a_total{x=y} 1\n",
          good + "a_total{x=\"y} 1\n", good + "a_total{x=\"y\",} 1\n", good + "a_total 1",
          good + "\n", std::string("# HELP a x\n# TYPE a counter\na 1\n"),
          std::string("# HELP h x\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_sum 1\nh_count 2\n"),
          std::string("# HELP h x\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\n"
                      "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n")})
        EXPECT_FALSE(read_scrape(bad).problems.empty()) << bad;
}

}  // namespace
}  // namespace kigumi::http
