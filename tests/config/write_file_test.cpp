#include <gtest/gtest.h>

#include "kigumi/daemon/config_file.hpp"
#include "kigumi/daemon/options.hpp"

namespace kigumi::config {
namespace {

/// Every option with another value than its default.
Config unlike_the_default() {
    Config config;
    for (const Option& option : options()) {
        if (const auto* const number = std::get_if<Number>(&option.kind))
            number->at(config) = number->at(config) == number->most ? number->least : number->most;
        else if (const auto* const fraction = std::get_if<Fraction>(&option.kind))
            fraction->at(config) = fraction->most;
        else if (const auto* const on = std::get_if<Switch>(&option.kind))
            on->at(config) = !on->at(config);
        else if (const auto* const text = std::get_if<Text>(&option.kind))
            text->at(config) = "\"quoted\" \\ and\nmore \x01 ä";
        else if (const auto* const choice = std::get_if<Choice>(&option.kind))
            choice->at(config) = choice->allowed.back() == choice->at(config)
                                     ? choice->allowed.front()
                                     : choice->allowed.back();
        else if (const auto* const texts = std::get_if<Texts>(&option.kind))
            texts->at(config) = {"one", "", "t\"wo"};
    }
    backup::Tier tier;
    tier.target = "/back up/,x";
    tier.every_ms = 90'000;
    tier.full_every_ms = 86'400'000;
    tier.retention.keep = 4;
    tier.retention.keep_ms = 3U * 86'400'000;
    config.backups = {tier, {}};
    config.backups[1].target = "/b";
    return config;
}

/// The keys whose values differ.
std::vector<std::string> differences(Config a, const Config& b) {
    Changes changes = take_live(a, b);
    changes.taken.insert(changes.taken.end(), changes.restart.begin(), changes.restart.end());
    return changes.taken;
}

TEST(WriteConfig, ShowsEveryOptionWithReasonAndTrade) {
    const std::string text = to_toml({});
    for (const Option& option : options()) {
        const std::string name = option.key.substr(option.key.find('.') + 1);
        EXPECT_NE(text.find(name), std::string::npos) << option.key;
        EXPECT_NE(text.find(option.flag), std::string::npos) << option.key;
    }
    EXPECT_NE(text.find("# Why: "), std::string::npos);
    EXPECT_NE(text.find("# Trade: "), std::string::npos);
}

TEST(WriteConfig, IsReadBackAsItWas) {
    const Config other = unlike_the_default();
    ASSERT_EQ(differences({}, other).size(), options().size());
    for (const Config& config : {Config(), other}) {
        Config read = unlike_the_default();
        // Tiers that are not in the file are left alone.
        read.backups.clear();
        read_text(read, to_toml(config), "printed").value();
        EXPECT_EQ(differences(read, config), std::vector<std::string>{});
        EXPECT_EQ(to_toml(read), to_toml(config));
    }
}

}  // namespace
}  // namespace kigumi::config
