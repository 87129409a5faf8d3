#include "command_line.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temp_directory.hpp"

namespace kigumi {
namespace {

Result<CommandLine> parse(std::vector<std::string> words) {
    words.insert(words.begin(), "kigumid");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

TEST(CommandLine, WinsOverTheFile) {
    const TempDirectory scratch;
    const auto file = scratch.path() / "f.toml";
    std::ofstream(file) << "[node]\nlisten = \"127.0.0.1:1\"\npeers = [\"a:1\", \"b:2\"]\n"
                           "[replication]\nround_ms = 70\npush_ms = 7\n";
    const auto line =
        parse({"--config", file.string(), "--push-ms", "9", "--peer", "c:3", "--insecure"}).value();
    const config::Config config = line.config().value();
    EXPECT_EQ(config.node.listen, "127.0.0.1:1");
    EXPECT_EQ(config.node.peers, std::vector<std::string>{"c:3"});
    EXPECT_EQ(config.node.replication.round_ms, 70U);
    EXPECT_EQ(config.node.replication.push_ms, 9U);
    EXPECT_TRUE(config.node.insecure);
}

TEST(CommandLine, HasAFlagForEveryOption) {
    for (const config::Option& option : config::options()) {
        const bool takes_nothing = std::holds_alternative<config::Switch>(option.kind);
        const auto line = takes_nothing ? parse({option.flag}) : parse({option.flag, "1"});
        ASSERT_TRUE(line) << option.flag << ": " << line.error().message;
        ASSERT_EQ(line->flags.size(), 1U) << option.flag;
        EXPECT_EQ(line->flags[0].first->key, option.key);
    }
}

TEST(CommandLine, NamesTheFlagThatIsWrong) {
    const auto config = parse({"--round-ms", "0"}).value().config();
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().message,
              "--round-ms wants a whole number of ms from 1 to 3600000, not 0; see kigumid --help");
    EXPECT_FALSE(parse({"--no-such-flag"}));
    EXPECT_FALSE(parse({"--round-ms"}));
    EXPECT_FALSE(parse({"--config", "/no/such/file"}).value().config());
}

}  // namespace
}  // namespace kigumi
