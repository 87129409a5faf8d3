#include "kigumi/daemon/options.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "kigumi/daemon/config_file.hpp"

namespace kigumi::config {
namespace {

TEST(Options, HaveAKeyAFlagAndAllWords) {
    std::set<std::string> keys;
    std::set<std::string> flags;
    for (const Option& option : options()) {
        EXPECT_TRUE(keys.insert(option.key).second) << option.key;
        EXPECT_TRUE(flags.insert(option.flag).second) << option.flag;
        EXPECT_TRUE(std::regex_match(option.key, std::regex("[a-z]+(\\.[a-z0-9_]+)?")))
            << option.key;
        EXPECT_TRUE(std::regex_match(option.flag, std::regex("--[a-z0-9-]+"))) << option.flag;
        EXPECT_FALSE(option.meaning.empty()) << option.key;
        EXPECT_FALSE(option.reason.empty()) << option.key;
        EXPECT_FALSE(option.trade.empty()) << option.key;
        const bool in_name = option.unit == "ms" || option.unit == "bytes";
        EXPECT_TRUE(!in_name || option.key.ends_with("_" + option.unit)) << option.key;
    }
}

TEST(Options, HaveDefaultsInTheirRange) {
    Config config;
    for (const Option& option : options()) {
        if (std::holds_alternative<Texts>(option.kind) ||
            std::holds_alternative<Tiers>(option.kind))
            continue;
        std::string word = value_text(option, config);
        std::erase(word, '"');
        EXPECT_TRUE(set_words(option, config, {word})) << option.key << " = " << word;
    }
}

TEST(Options, RefuseWhatIsOutsideAndSayWhatIsAllowed) {
    Config config;
    const Option& push = *find("replication.push_ms");
    for (const char* const word :
         {"soon", "-1", "3600001", "1.5", "", " 1", "1 ", "18446744073709551616"}) {
        const auto set = set_words(push, config, {word});
        ASSERT_FALSE(set) << word;
        EXPECT_NE(set.error().message.find("a whole number of ms from 0 to 3600000"),
                  std::string::npos);
    }
    EXPECT_TRUE(set_words(push, config, {"3600000"}));
    EXPECT_EQ(config.node.replication.push_ms, 3'600'000U);
    EXPECT_FALSE(set_words(*find("log.level"), config, {"loud"}));
    EXPECT_FALSE(set_words(*find("node.insecure"), config, {"yes"}));
    EXPECT_FALSE(set_words(*find("backup"), config, {"/b,every=soon"}));
}

TEST(Options, OfWhichOnlySomeChangeWhileTheDaemonRuns) {
    Config running;
    running.node.listen = "127.0.0.1:1";
    Config fresh = running;
    fresh.node.listen = "127.0.0.1:2";
    fresh.node.replication.round_ms = 77;
    fresh.log_level = "debug";
    fresh.backups.resize(1);
    const Changes changes = take_live(running, fresh);
    EXPECT_EQ(changes.restart, std::vector<std::string>{"node.listen"});
    EXPECT_EQ(changes.taken,
              (std::vector<std::string>{"replication.round_ms", "log.level", "backup"}));
    EXPECT_EQ(running.node.listen, "127.0.0.1:1");
    EXPECT_EQ(running.node.replication.round_ms, 77U);
    EXPECT_EQ(running.log_level, "debug");
    EXPECT_EQ(running.backups.size(), 1U);
}

}  // namespace
}  // namespace kigumi::config
