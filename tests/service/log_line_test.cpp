#include "log_line.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kigumi {
namespace {

using Level = Effects::Note::Level;

nlohmann::json json(const std::string& event, const std::string& detail) {
    return nlohmann::json::parse("{" + json_line({Level::kInfo, event, detail}) + "}");
}

TEST(LogLine, AsJsonHasAMemberForEachPair) {
    EXPECT_EQ(json("peer.up", "replica=ab address=tcp://127.0.0.1:1"),
              (nlohmann::json{
                  {"event", "peer.up"}, {"replica", "ab"}, {"address", "tcp://127.0.0.1:1"}}));
    EXPECT_EQ(json("backup.failed", "target=\"/a b\" error=\"cannot open \"/a b\": gone\" ms=3"),
              (nlohmann::json{{"event", "backup.failed"},
                              {"target", "/a b"},
                              {"error", "cannot open \"/a b\": gone"},
                              {"ms", "3"}}));
}

TEST(LogLine, AsJsonKeepsWhatIsNotMadeOfPairs) {
    for (const std::string text :
         {"cannot read the store", "a=1 and more", "a=\"open", "=1", "\xff\x01 \"quoted\""}) {
        const auto line = json("x", text);
        EXPECT_EQ(line.size(), 2U) << text;
        EXPECT_TRUE(line.contains("detail")) << text;
    }
    EXPECT_EQ(json("x", "").size(), 1U);
}

TEST(LogLine, LetsNoDetailPassForAnotherField) {
    const auto line = json("x", "event=forged level=warn time=never");
    EXPECT_EQ(line["event"], "x");
    EXPECT_EQ(line["event_"], "forged");
    EXPECT_FALSE(line.contains("level"));
}

TEST(LogLine, IsOneLineWhateverIsInIt) {
    const std::string text =
        text_line({Level::kInfo, "x", "error=\"a\nlevel=warn event=forged\r\x1b[2J\""});
    EXPECT_EQ(text.find_first_of("\n\r\x1b"), std::string::npos);
    EXPECT_EQ(json_line({Level::kInfo, "x", "a\nb"}).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace kigumi
