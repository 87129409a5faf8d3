#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "http/observations.hpp"
#include "http/prometheus.hpp"

namespace kigumi::http {
namespace {

std::string read(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(KIGUMI_SOURCE_DIR "/docs/operations/" + name).rdbuf();
    return text.str();
}

std::set<std::string> names_in(const std::string& text) {
    // A name in an expression, not the beginning of a longer word or of a label's value.
    static const std::regex kName(R"(\b(kigumi|process)_[a-z_]+\b)");
    std::set<std::string> names;
    for (std::sregex_iterator at(text.begin(), text.end(), kName), end; at != end; ++at)
        names.insert(at->str());
    return names;
}

class OperationsFiles : public testing::Test {
  protected:
    void expect_exported(const std::string& file, std::size_t least) {
        const auto names = names_in(read(file));
        EXPECT_GE(names.size(), least) << file;
        for (std::string name : names) {
            for (const std::string suffix : {"_bucket", "_sum", "_count"})
                if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
            EXPECT_TRUE(scrape_.families.contains(name)) << name << " of " << file;
        }
    }
    const Scrape scrape_ = read_scrape(metrics_text(full_observation()));
};

TEST_F(OperationsFiles, AlertsNameMetricsThatExist) { expect_exported("alerts.yml", 12); }

TEST_F(OperationsFiles, DashboardNamesMetricsThatExist) {
    expect_exported("grafana.json", 25);
    const auto dashboard = nlohmann::json::parse(read("grafana.json"));
    EXPECT_GE(dashboard["panels"].size(), 20U);
}

TEST_F(OperationsFiles, ThePageListsEveryMetric) {
    const auto names = names_in(read("monitoring.md"));
    for (const auto& [name, family] : scrape_.families)
        EXPECT_TRUE(names.contains(name)) << name << " is not in monitoring.md";
    expect_exported("monitoring.md", scrape_.families.size());
}

}  // namespace
}  // namespace kigumi::http
