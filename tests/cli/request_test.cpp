#include <tuple>

#include "cli/cli_run.hpp"

namespace kigumi {
namespace {

class Requests : public CliTest {
  protected:
    Outcome once(const std::string& id, std::vector<std::string> command) const {
        command.insert(command.begin(), {"--request", id});
        return cli(std::move(command));
    }
    /// The command answered as before, says so and wrote nothing.
    void expect_repeated(const Outcome& run, int status, const std::string& out) const {
        EXPECT_EQ(run.status, status);
        EXPECT_EQ(run.out, out);
        EXPECT_NE(run.err.find("(repeated)"), std::string::npos) << run.err;
    }
    Value status(const std::string& name) const {
        return member(json_of(cli_json({"status"})), name);
    }
};

TEST_F(Requests, AreExecutedOnceAndAnsweredAlike) {
    expect_prints(once("a", {"incr", "c", "5"}), "5\n");
    expect_prints(cli({"incr", "c"}), "6\n");
    expect_repeated(once("a", {"incr", "c", "5"}), 0, "5\n");
    expect_prints(cli({"count", "c"}), "6\n");
    expect_prints(once("b", {"incr", "c", "5"}), "11\n");
}

TEST_F(Requests, EveryWritingCommandTakesThem) {
    const std::vector<std::tuple<std::vector<std::string>, int, std::string>> commands = {
        {{"set", "r", "v"}, 0, ""},
        {{"incr", "c"}, 0, "1\n"},
        {{"decr", "c", "3"}, 0, "-2\n"},
        {{"sadd", "s", "x", "y"}, 0, "2\n"},
        {{"srem", "s", "x", "z"}, 0, "1\n"},
        {{"srem", "s", "z"}, 1, "0\n"},
        {{"hset", "m", "f", "1"}, 0, ""},
        {{"hdel", "m", "f"}, 0, "1\n"},
        {{"enable", "f"}, 0, ""},
        {{"disable", "f"}, 0, ""},
        {{"reset", "c"}, 0, ""},
        {{"reset", "none"}, 1, ""},
        {{"del", "r", "none"}, 0, "1\n"},
        {{"del", "none"}, 1, "0\n"}};
    int id = 0;
    for (const auto& each : commands) {
        const auto& [command, answer, out] = each;
        const Outcome first = once(std::to_string(++id), command);
        EXPECT_EQ(first.status, answer) << command[0];
        EXPECT_EQ(first.out, out) << command[0];
        EXPECT_EQ(first.err, "");
        const std::string before = cli({"dump"}).out;
        expect_repeated(once(std::to_string(id), command), answer, out);
        EXPECT_EQ(cli({"dump"}).out, before);
    }
    EXPECT_EQ(status("requests"), Value(id));
}

TEST_F(Requests, AreKnownWhereTheirEffectsAre) {
    expect_prints(once("a", {"incr", "c"}), "1\n");
    pull("node", "other");
    expect_repeated(cli_on("other", {"--request", "a", "incr", "c"}), 0, "1\n");
}

TEST_F(Requests, ExecutedApartAreReported) {
    expect_prints(once("a", {"incr", "c"}), "1\n");
    expect_prints(cli_on("other", {"--request", "a", "incr", "c"}), "1\n");
    EXPECT_EQ(status("requests_executed_twice"), Value(0));
    pull("other", "node");
    EXPECT_EQ(status("requests"), Value(1));
    EXPECT_EQ(status("requests_executed_twice"), Value(1));
    EXPECT_NE(cli({"status"}).out.find("1 of them executed more than once"), std::string::npos);
    expect_prints(cli({"count", "c"}), "2\n");
    expect_repeated(once("a", {"incr", "c"}), 0, "1\n");
}

TEST_F(Requests, AreNoKeys) {
    expect_prints(once("a", {"incr", "c"}), "1\n");
    expect_prints(cli({"keys"}), "c\n");
    expect_no(cli({"exists", "kigumi.requests"}), "0\n");
    expect_no(cli({"type", "kigumi.requests"}), "");
    expect_no(cli({"del", "kigumi.requests"}), "0\n");
    expect_prints(cli({"conflicts"}), "");
    EXPECT_NE(cli({"dump"}).out.find(R"("type":"request","path":["a"])"), std::string::npos);
    expect_repeated(once("a", {"incr", "c"}), 0, "1\n");
}

TEST_F(Requests, MistakesAreErrors) {
    expect_error(once("", {"incr", "c"}), "1 to 128 bytes");
    expect_error(once(std::string(129, 'x'), {"incr", "c"}), "1 to 128 bytes");
    expect_prints(once("a", {"incr", "c"}), "1\n");
    expect_error(once("a", {"sadd", "s", "x"}), "executed before, by `kigumi incr`");
    expect_no(cli({"exists", "s"}), "0\n");
    expect_error(once("b", {"load", "-"}), "does not write one transaction");
    expect_error(once("b", {"get", "c"}), "writes nothing");
    expect_error(once("b", {"incr", "c", "x"}), "not an integer");
    expect_prints(once("b", {"incr", "c"}), "2\n");
}

}  // namespace
}  // namespace kigumi
