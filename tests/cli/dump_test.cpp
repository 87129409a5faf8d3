#include <sstream>

#include "cli/cli_run.hpp"

namespace kigumi {
namespace {

class Dump : public CliTest {
  protected:
    static std::vector<Value> rows(const std::string& out) {
        std::vector<Value> all;
        std::istringstream lines(out);
        for (std::string line; std::getline(lines, line);) {
            auto row = from_json(line);
            EXPECT_TRUE(row.has_value()) << line;
            if (row) all.push_back(std::move(*row));
        }
        return all;
    }
    static Value first_write(const Value& row) {
        return member(row, "writes").get_if<Array>()->at(0);
    }
};

TEST_F(Dump, ShowsEveryKindOfWrite) {
    EXPECT_EQ(cli({"set", "a", "v"}).status, 0);
    EXPECT_EQ(cli({"incr", "b", "5"}).status, 0);
    EXPECT_EQ(cli({"decr", "b", "2"}).status, 0);
    EXPECT_EQ(cli({"incr", "c"}).status, 0);
    EXPECT_EQ(cli({"reset", "c"}).status, 0);
    EXPECT_EQ(cli({"hset", "d", "f", "v"}).status, 0);
    const auto all = rows(cli({"dump"}).out);
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(member(all[0], "bucket"), Value("default"));
    EXPECT_EQ(member(all[0], "key"), Value("a"));
    EXPECT_EQ(member(all[0], "type"), Value("register"));
    EXPECT_EQ(member(all[0], "path"), Value(Array()));
    EXPECT_EQ(member(first_write(all[0]), "value"), Value("v"));
    EXPECT_TRUE(member(first_write(all[0]), "dot").get_if<std::string>()->ends_with(":1"));
    EXPECT_GT(*member(first_write(all[0]), "time").get_if<std::int64_t>(), 0);
    EXPECT_EQ(member(first_write(all[1]), "added"), Value(5));
    EXPECT_EQ(member(first_write(all[1]), "subtracted"), Value(2));
    const Value reset = member(member(all[2], "writes").get_if<Array>()->at(1), "reset");
    ASSERT_EQ(reset.get_if<Object>()->size(), 1U);
    EXPECT_EQ(member(reset.get_if<Object>()->begin()->second, "added"), Value(1));
    EXPECT_EQ(member(all[3], "path"), Value(Array{"f", "register"}));
}

TEST_F(Dump, EqualReplicasDumpEqually) {
    // Each has written first, so that they number the two origins differently.
    EXPECT_EQ(cli_on("a", {"set", "x", "a"}).status, 0);
    EXPECT_EQ(cli_on("b", {"set", "x", "b"}).status, 0);
    EXPECT_EQ(cli_on("a", {"sadd", "s", "1", "2", "\xFF", std::string(300, 'm')}).status, 0);
    EXPECT_EQ(cli_on("b", {"incr", "c", "3"}).status, 0);
    EXPECT_EQ(cli_on("b", {"hset", std::string(300, 'k'), "f", "v"}).status, 0);
    EXPECT_NE(cli_on("a", {"dump"}).out, cli_on("b", {"dump"}).out);
    pull("a", "b");
    pull("b", "a");
    const Outcome a = cli_on("a", {"dump"});
    EXPECT_EQ(a.out, cli_on("b", {"dump"}).out);
    EXPECT_EQ(rows(a.out).size(), 7U);
    EXPECT_EQ(member(rows(a.out).back(), "writes").get_if<Array>()->size(), 2U);  // x
    EXPECT_EQ(cli_on("b", {"incr", "c"}).status, 0);
    EXPECT_NE(a.out, cli_on("b", {"dump"}).out);
}

TEST_F(Dump, LeavesOutRowsOfRemovalsOnly) {
    EXPECT_EQ(cli({"set", "k", "v"}).status, 0);
    EXPECT_EQ(cli({"del", "k"}).status, 0);
    expect_prints(cli({"dump"}), "");
    EXPECT_EQ(member(json_of(cli_json({"status"})), "rows"), Value(1));
}

TEST_F(Dump, BucketsInOrderOfName) {
    EXPECT_EQ(cli({"--bucket", "z", "set", "k", "v"}).status, 0);
    EXPECT_EQ(cli({"--bucket", "b", "set", "k", "v"}).status, 0);
    EXPECT_EQ(cli({"set", "k", "v"}).status, 0);
    const auto all = rows(cli({"dump"}).out);
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(member(all[0], "bucket"), Value("b"));
    EXPECT_EQ(member(all[1], "bucket"), Value("default"));
    EXPECT_EQ(member(all[2], "bucket"), Value("z"));
    const auto one = rows(cli({"--bucket", "z", "dump"}).out);
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(member(one[0], "bucket"), Value("z"));
    expect_error(cli({"--bucket", "none", "dump"}), "there is no bucket \"none\"");
}

TEST_F(Dump, StopsWhenNobodyReads) {
    std::string lines;
    for (int i = 0; i < 3000; ++i)
        lines += R"({"key":")" + std::to_string(i) + R"(","type":"flag","value":true})" + "\n";
    expect_prints(cli({"load", "-"}, lines), "3000\n");
    Channels gone;
    gone.output_file = "gone";
    expect_error(run_kigumi({"--data", path("node").string(), "dump"}, gone),
                 "cannot write the output");
}

}  // namespace
}  // namespace kigumi
