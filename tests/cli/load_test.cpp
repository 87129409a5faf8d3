#include <fstream>
#include <random>

#include "cli/cli_run.hpp"

namespace kigumi {
namespace {

std::string flag_line(const std::string& key) {
    return R"({"key":")" + key + R"(","type":"flag","value":true})" + "\n";
}

std::string flag_lines(int from, int to) {
    std::string lines;
    for (int i = from; i < to; ++i) lines += flag_line(std::to_string(i));
    return lines;
}

class Load : public CliTest {
  protected:
    /// One good line and then `bad`: it fails at line 2 for that reason, and keeps nothing.
    void expect_bad(const std::string& bad, const std::string& reason) const {
        SCOPED_TRACE(bad.substr(0, 60));
        const Outcome run = cli({"load", "-"}, flag_line("good") + bad);
        expect_error(run, "line 2: ");
        expect_error(run, reason);
        expect_error(run, "0 lines were loaded before, and nothing from line 1 on");
        EXPECT_EQ(run.out, "");
        expect_no(cli({"exists", "good"}), "0\n");
    }
};

TEST_F(Load, EveryType) {
    const std::string lines = R"({"key":"cart","type":"set","value":["milk","eggs",1]})"
                              "\n\n  \r\n"
                              R"({"key":"r","type":"register","value":{"deep":[null]}})"
                              "\r\n"
                              R"({"key":"c","type":"counter","value":-7})"
                              "\n"
                              R"({"key":"c","type":"counter","value":2})"
                              "\n"
                              R"({"key":"m","type":"map","value":{"a":1,"b":"x"}})"
                              "\n"
                              R"({"value":true,"type":"flag","key":"on"})"
                              "\n"
                              R"({"key":"off","type":"flag","value":false})";
    expect_prints(cli({"load", "-"}, lines), "7\n");
    expect_prints(cli_json({"smembers", "cart"}), "[1,\"eggs\",\"milk\"]\n");
    expect_prints(cli({"get", "r"}), "{\"deep\":[null]}\n");
    expect_prints(cli({"count", "c"}), "-5\n");
    expect_prints(cli_json({"hgetall", "m"}), "{\"a\":1,\"b\":\"x\"}\n");
    expect_prints(cli({"test", "on"}), "true\n");
    expect_no(cli({"test", "off"}), "false\n");
}

TEST_F(Load, FromAFileIntoABucket) {
    std::ofstream(path("in.jsonl")) << flag_lines(0, 10);
    expect_prints(cli({"--bucket", "b", "load", path("in.jsonl").string()}), "10\n");
    expect_no(cli({"exists", "0"}), "0\n");
    expect_prints(cli({"--bucket", "b", "exists", "0", "9"}), "2\n");
}

TEST_F(Load, NothingToLoad) {
    expect_prints(cli({"load", "-"}, ""), "0\n");
    expect_prints(cli({"load", "-"}, "\n \n\n"), "0\n");
    expect_prints(cli({"load", "-"}, R"({"key":"s","type":"set","value":[]})"), "1\n");
}

TEST_F(Load, FilesThatCannotBeRead) {
    expect_error(cli({"load", path("none").string()}), "No such file");
    expect_error(cli({"load", "/"}), "line 1: cannot read the input");
}

TEST_F(Load, BadLinesKeepNothing) {
    expect_prints(cli({"set", "taken", "v"}), "");
    expect_bad(R"({"key":"k","type":"flag","value":tr)", "not JSON at character");
    expect_bad("\x01\x02\xFF\xFE", "not JSON at character 1");
    expect_bad("[]", "not an object");
    expect_bad("{}", "\"key\" is missing");
    expect_bad(R"({"key":"k","value":1})", "\"type\" is missing");
    expect_bad(R"({"key":"k","type":"flag"})", "\"value\" is missing");
    expect_bad(R"({"key":1,"type":"flag","value":true})", "\"key\" is not a text");
    expect_bad(R"({"key":"k","type":5,"value":true})", "\"type\" is not a text");
    expect_bad(R"({"key":"k","type":"list","value":[]})", "type \"list\" is not known");
    expect_bad(R"({"key":"k","type":"flag","value":true,"ttl":5})", "member \"ttl\" is not known");
    expect_bad(R"({"key":"k","key":"k","type":"flag","value":true})", "stands twice");
    expect_bad(R"({"key":"k","type":"flag","value":1})", "the value of a flag");
    expect_bad(R"({"key":"k","type":"counter","value":1.0})", "the value of a counter");
    expect_bad(R"({"key":"k","type":"counter","value":9223372036854775808})", "64 signed bits");
    expect_bad(R"({"key":"k","type":"set","value":{"a":1}})", "the value of a set");
    expect_bad(R"({"key":"k","type":"map","value":["a"]})", "the value of a map");
    expect_bad(R"({"key":"k","type":"register","value":)" + std::string(100'000, '['),
               "deeper than 16");
    expect_bad(R"({"key":")" + std::string(5000, 'k') + R"(","type":"flag","value":true})",
               "4,096 bytes");
    expect_bad(R"({"key":"k","type":"register","value":")" + std::string(1'100'000, 'v') + "\"}",
               "1 MiB");
    expect_bad(R"({"key":"k","type":"set","value":[")" + std::string(70'000, 'm') + "\"]}",
               "64 KiB");
    expect_bad(flag_line("taken"), "key \"taken\" holds a register, not a flag");
    expect_bad(std::string(4 << 20, 'x'), "longer than 2 MiB");
    expect_bad(std::string(4 << 20, ' ') + "{}", "longer than 2 MiB");
    expect_bad("{\"key\":\"k\0\"}", "not JSON");
}

TEST_F(Load, TheLongestLine) {
    const std::string line = R"({"key":"k","type":"flag","value":true})";
    const std::size_t limit = std::size_t{2} << 20;
    const std::string padded = line + std::string(limit - line.size(), ' ');
    expect_prints(cli({"load", "-"}, padded), "1\n");
    expect_prints(cli({"load", "-"}, padded + "\n" + flag_line("next")), "2\n");
    expect_error(cli({"load", "-"}, padded + " "), "line 1: longer than 2 MiB");
    expect_error(cli({"load", "-"}, padded + " \n" + flag_line("next")),
                 "line 1: longer than 2 MiB");
}

TEST_F(Load, EarlierBatchesAreKept) {
    const Outcome run =
        cli({"load", "-"}, "\n" + flag_lines(0, 1500) + "oops\n" + flag_lines(1500, 1600));
    expect_error(run, "line 1502: not JSON at character 1");
    expect_error(run, "1000 lines were loaded before, and nothing from line 1002 on");
    expect_prints(cli({"exists", "0", "999", "1000", "1499", "1500"}), "2\n");
}

TEST_F(Load, BatchesAreBoundedByBytesToo) {
    // 100 lines of 0.9 MiB are more than one transaction may write.
    std::string lines;
    for (int i = 0; i < 100; ++i)
        lines += R"({"key":")" + std::to_string(i) + R"(","type":"register","value":")" +
                 std::string(900'000, 'v') + "\"}\n";
    expect_prints(cli({"load", "-"}, lines), "100\n");
    expect_prints(cli({"exists", "0", "50", "99"}), "3\n");
}

TEST_F(Load, OneLineMayNotExceedATransaction) {
    // A row repeats its key: the members of this set take far more than its line.
    std::string members = "0";
    for (int i = 1; i < 40'000; ++i) members += "," + std::to_string(i);
    const std::string line =
        R"({"key":")" + std::string(4000, 'k') + R"(","type":"set","value":[)" + members + "]}\n";
    // It is a batch of its own, so the lines before it are kept.
    const Outcome run = cli({"load", "-"}, flag_line("good") + line + flag_line("after"));
    expect_error(run, "line 2: the transaction writes more than 64 MiB");
    expect_error(run, "1 lines were loaded before, and nothing from line 2 on");
    expect_prints(cli({"keys"}), "good\n");
}

TEST_F(Load, RandomBytesAreAnErrorAndNothingElse) {
    std::mt19937 random(20240229);  // NOLINT: the same bytes each time
    for (int round = 0; round < 20; ++round) {
        std::string bytes;
        for (int i = 0; i < 2000; ++i) bytes.push_back(static_cast<char>(random()));
        expect_error(cli({"load", "-"}, bytes), "line 1: ");
    }
    expect_no(cli({"del", "k"}), "0\n");
    expect_prints(cli({"dump"}), "");
}

TEST_F(Load, TruncationsOfAGoodLine) {
    const std::string line = R"({"key":"k","type":"map","value":{"a":[1,{"b":"\u00e9"}]}})";
    for (std::size_t n = 1; n < line.size(); n += 3)
        expect_error(cli({"load", "-"}, line.substr(0, n)), "line 1: not JSON");
    expect_prints(cli({"load", "-"}, line), "1\n");
}

}  // namespace
}  // namespace kigumi
