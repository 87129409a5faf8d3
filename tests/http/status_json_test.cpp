#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "http/observations.hpp"

namespace kigumi::http {
namespace {

TEST(StatusJson, IsJsonWhateverTheTextsAre) {
    const auto json = nlohmann::json::parse(status_json(full_observation()));
    EXPECT_EQ(json["version"], "1.2.3");
    EXPECT_EQ(json["loop_longest_turn_ms"], 340);
    EXPECT_EQ(json["loop_longest_turn_of_minute_ms"], 45);
    EXPECT_EQ(json["healthy"], true);
    EXPECT_EQ(json["store"]["census"]["rows"], 10);
    EXPECT_EQ(json["replication"]["links"][0]["round_trip"]["timeout_ms"], 200);
    EXPECT_EQ(json["replication"]["buckets"][0]["peers"][0]["lag_events"], 5);
    EXPECT_EQ(json["replication"]["buckets"][0]["peers"][0]["lag_ms"], 2'500);
    EXPECT_EQ(json["replication"]["buckets"][0]["folding"], true);
    EXPECT_EQ(json["membership"]["self_doubt"], 3);
    EXPECT_EQ(json["membership"]["nodes"][1]["opinion"], "down");
    EXPECT_EQ(json["membership"]["nodes"][1]["since"], "1970-01-01T00:26:40.500Z");
    EXPECT_TRUE(nlohmann::json::parse(status_json(Observation()))["membership"].is_null());
    EXPECT_EQ(json["backups"][1]["error"], "no such disk");
    EXPECT_TRUE(nlohmann::json::parse(status_json(Observation()))["replication"].is_null());
}

}  // namespace
}  // namespace kigumi::http
