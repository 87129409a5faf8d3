#include <gtest/gtest.h>

#include "kigumi/daemon/config_file.hpp"

namespace kigumi::config {
namespace {

/// The error that a text gives; empty if it is taken.
std::string error_of(const std::string& text) {
    Config config;
    const auto read = read_text(config, text, "f.toml");
    return read ? "" : read.error().message;
}

TEST(ReadConfig, TakesEveryKindOfValue) {
    Config config;
    read_text(config, R"(
[node]
listen = "127.0.0.1:7001"
peers = ["127.0.0.1:7002", "127.0.0.1:7003"]
insecure = true
[replication]
push_ms = 20
[membership]
probe_ms = 250
suspicion_factor = 3
health_max = 0
mesh_max = 8
[log]
format = "json"
[[backup]]
target = "/a,b"
every = "15m"
keep = 3
keep_days = 2
full_every = "7d"
[[backup]]
target = "/c"
)",
              "f.toml")
        .value();
    EXPECT_EQ(config.node.listen, "127.0.0.1:7001");
    EXPECT_EQ(config.node.peers.size(), 2U);
    EXPECT_TRUE(config.node.insecure);
    EXPECT_EQ(config.node.replication.push_ms, 20U);
    EXPECT_EQ(config.node.membership.probe_ms, 250U);
    EXPECT_EQ(config.node.membership.suspicion_factor, 3);
    EXPECT_EQ(config.node.membership.health_max, 0U);
    EXPECT_EQ(config.node.neighbours.mesh_max, 8U);
    EXPECT_EQ(config.log_format, "json");
    ASSERT_EQ(config.backups.size(), 2U);
    EXPECT_EQ(config.backups[0].target, "/a,b");
    EXPECT_EQ(config.backups[0].every_ms, 900'000U);
    EXPECT_EQ(config.backups[0].retention.keep, 3U);
    EXPECT_EQ(config.backups[0].retention.keep_ms, 2U * 86'400'000U);
    EXPECT_EQ(config.backups[1].every_ms, 3'600'000U);
}

TEST(ReadConfig, LeavesAloneWhatTheFileDoesNotSay) {
    Config config;
    config.log_level = "warn";
    read_text(config, "[replication]\npush_ms = 1\n", "f.toml").value();
    EXPECT_EQ(config.log_level, "warn");
}

TEST(ReadConfig, NamesPlaceKeyAndWhatIsAllowed) {
    EXPECT_EQ(error_of("[replication]\npush_ms = \"soon\"\n"),
              "f.toml:2:11: replication.push_ms wants a whole number of ms from 0 to 3600000, not "
              "this string");
    EXPECT_EQ(error_of("[replication]\n\n  push_ms = -4\n"),
              "f.toml:3:13: replication.push_ms wants a whole number of ms from 0 to 3600000, not "
              "-4");
    EXPECT_EQ(error_of("[membership]\nprobe_ms = 200\nsuspicion_factor = 0\n"),
              "f.toml:3:20: membership.suspicion_factor wants a number from 0.5 to 100.0, not "
              "0.0");
    EXPECT_EQ(error_of("[log]\nlevel = \"loud\"\n"),
              "f.toml:2:9: log.level wants one of debug, info, warn, not \"loud\"");
    EXPECT_EQ(error_of("[node]\npeers = [\"a\", 7]\n"),
              "f.toml:2:9: node.peers wants a list of texts, not this integer");
    EXPECT_EQ(error_of("[[backup]]\ntarget = \"/b\"\nevery = \"soon\"\n").substr(0, 13),
              "f.toml:3:9: b");
    EXPECT_EQ(error_of("[[backup]]\nkeep = 1\n"), "f.toml:1:1: backup wants a target, a directory");
}

TEST(ReadConfig, RefusesUnknownKeysAndKnowsWhatWasMeant) {
    EXPECT_EQ(error_of("[replication]\npush_sm = 1\n"),
              "f.toml:2:1: there is no option replication.push_sm; did you mean "
              "replication.push_ms?");
    EXPECT_EQ(error_of("[replicaton]\npush_ms = 1\n"),
              "f.toml:1:2: there is no option replicaton; did you mean replication?");
    EXPECT_EQ(error_of("colour = 1\n"),
              "f.toml:1:1: there is no option colour; see kigumid --print-config");
    EXPECT_NE(error_of("[node.listen]\nx = 1\n"), "");
    EXPECT_NE(error_of("node = 1\n"), "");
}

TEST(ReadConfig, TellsOfAllProblemsAtOnceAndChangesNothing) {
    Config config;
    const auto read =
        read_text(config, "[log]\nlevel = \"warn\"\nformat = 1\n[http]\nthreads = 0\n", "f.toml");
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().message.find("f.toml:3:10: log.format"), std::string::npos);
    EXPECT_NE(read.error().message.find("\nf.toml:5:11: http.threads"), std::string::npos);
    EXPECT_EQ(config.log_level, "info");
}

TEST(ReadConfig, NamesThePlaceOfASyntaxError) {
    EXPECT_EQ(error_of("[node]\nlisten = \n").substr(0, 9), "f.toml:2:");
    EXPECT_EQ(error_of("[log]\nlevel = \"info\"\nlevel = \"warn\"\n").substr(0, 9), "f.toml:3:");
    EXPECT_NE(error_of(std::string("\xff\x00x", 3)), "");
}

TEST(ReadConfig, NamesAFileThatItCannotRead) {
    Config config;
    const auto missing = read_file(config, "/no/such/file.toml");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
    EXPECT_NE(missing.error().message.find("/no/such/file.toml"), std::string::npos);
    EXPECT_FALSE(read_file(config, "/"));
    EXPECT_FALSE(read_file(config, "/dev/zero"));
}

}  // namespace
}  // namespace kigumi::config
