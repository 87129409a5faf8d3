#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <regex>

#include "cli/cli_run.hpp"

namespace kigumi {
namespace {

// A time, a replica and what it wrote.
const std::string kSibling = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [0-9a-f]{32} )";

bool matches(const std::string& text, const std::string& pattern) {
    return std::regex_match(text, std::regex(pattern));
}

class Usage : public CliTest {};

TEST_F(Usage, VersionNeedsNoData) {
    expect_prints(run_kigumi({"version"}), "kigumi 0.1.0\n");
    expect_prints(run_kigumi({"--version"}), "kigumi 0.1.0\n");
    EXPECT_EQ(member(json_of(run_kigumi({"--json", "version"})), "version"), Value("0.1.0"));
}

TEST_F(Usage, HelpListsCommands) {
    const Run run = run_kigumi({"--help"});
    EXPECT_EQ(run.status, 0);
    for (const char* part : {"--data", "sismember KEY MEMBER", "Exit status"})
        EXPECT_NE(run.out.find(part), std::string::npos) << part;
}

TEST_F(Usage, MistakesAreOneLine) {
    expect_error(run_kigumi({}), "no command is given");
    expect_error(run_kigumi({"get", "k"}), "--data DIR");
    expect_error(run_kigumi({"--data", "", "get", "k"}), "--data DIR");
    expect_error(run_kigumi({"--data"}), "--data");
    expect_error(run_kigumi({"--jsom", "get", "k"}), "there is no option \"--jsom\"");
    expect_error(run_kigumi({"--data", "d", "frobnicate\nx"}), "there is no command");
    expect_error(run_kigumi({"--data", "d", "--bucket"}), "--bucket");
    expect_error(kigumi({"get"}), "usage: kigumi [OPTIONS] get KEY");
    expect_error(kigumi({"get", "a", "b"}), "usage: kigumi [OPTIONS] get KEY");
    expect_error(kigumi({"hset", "k", "f", "1", "g"}), "has no value");
}

TEST_F(Usage, ReadingCreatesNothing) {
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {"get", "k"}, {"keys"}, {"status"}, {"dump"}, {"count", "k"}, {"hgetall", "k"}})
        expect_error(kigumi(command), "there is no data in");
    EXPECT_FALSE(std::filesystem::exists(path("node")));
    std::filesystem::create_directory(path("node"));
    expect_error(kigumi({"get", "k"}), "there is no data in");
    EXPECT_TRUE(std::filesystem::is_empty(path("node")));
}

TEST_F(Usage, UnusableDataDirectory) {
    expect_error(run_kigumi({"--data", "/dev/null", "set", "k", "v"}), "/dev/null");
    expect_prints(kigumi({"set", "k", "v"}), "");
    std::filesystem::resize_file(path("node") / "data.mdb", 100);
    expect_error(kigumi({"get", "k"}), "cannot open the environment");
}

TEST_F(Usage, BucketsAreApart) {
    expect_prints(kigumi({"--bucket", "other", "set", "k", "v"}), "");
    expect_no(kigumi({"get", "k"}), "");
    expect_prints(kigumi({"--bucket", "other", "get", "k"}), "v\n");
    expect_error(kigumi({"--bucket", "", "get", "k"}), "bucket's name");
    expect_error(kigumi({"--bucket", std::string(256, 'b'), "get", "k"}), "bucket's name");
}

TEST_F(Usage, ArgumentsAfterTheCommandAreNeverOptions) {
    for (const std::string value : {"-5", "--json", "--help", "--", "-", "", "a\nb"}) {
        expect_prints(kigumi({"set", "k", value}), "");
        expect_prints(kigumi({"get", "k"}), value + "\n");
    }
}

TEST_F(Usage, OutputThatDoesNotArriveIsAnError) {
    expect_prints(kigumi({"set", "k", "v"}), "");
    for (const char* output : {"/dev/full", "closed", "gone"}) {
        Channels channels;
        channels.output_file = output;
        const Run run = run_kigumi({"--data", path("node").string(), "get", "k"}, channels);
        expect_error(run, "cannot write the output");
    }
    Channels closed;
    closed.output_file = "closed";
    EXPECT_EQ(run_kigumi({"--data", path("node").string(), "incr", "c"}, closed).status, 2);
    expect_prints(kigumi({"get", "k"}), "v\n");  // the output has not gone into the data
}

class Registers : public CliTest {};

TEST_F(Registers, SetAndGet) {
    expect_prints(kigumi({"set", "k", "wörld"}), "");
    expect_prints(kigumi({"get", "k"}), "wörld\n");
    expect_prints(kigumi_json({"get", "k"}), "\"wörld\"\n");
    expect_no(kigumi({"get", "missing"}), "");
    expect_prints(kigumi({"set", "", "empty key"}), "");
    expect_prints(kigumi({"get", ""}), "empty key\n");
}

TEST_F(Registers, JsonValues) {
    expect_prints(kigumi_json({"set", "k", R"({"b":[1,2.5,null],"a":true})"}), "");
    expect_prints(kigumi({"get", "k"}), "{\"a\":true,\"b\":[1,2.5,null]}\n");
    expect_error(kigumi_json({"set", "k", "plain"}), "has to be JSON");
    expect_error(kigumi_json({"set", "k", std::string(100'000, '[')}), "deeper than 16");
    expect_prints(kigumi({"set", "n", "5"}), "");
    expect_prints(kigumi_json({"get", "n"}), "\"5\"\n");
}

TEST_F(Registers, BytesThatAreNoText) {
    expect_prints(kigumi({"set", "k", "\xFF\x01"}), "");
    expect_prints(kigumi({"get", "k"}), "{\"$bytes\":\"ff01\"}\n");
    expect_prints(kigumi({"set", "\xFE", "v"}), "");
    expect_prints(kigumi({"get", "\xFE"}), "v\n");
    expect_prints(kigumi_json({"keys", "\xFE"}), "[{\"$bytes\":\"fe\"}]\n");
}

TEST_F(Registers, LimitsAreErrors) {
    expect_error(kigumi({"set", std::string(4097, 'k'), "v"}), "4 KiB");
    expect_no(kigumi({"get", std::string(4097, 'k')}), "");
    expect_no(kigumi({"exists", std::string(4097, 'k')}), "0\n");
}

TEST_F(Registers, SiblingsNewestFirst) {
    EXPECT_EQ(kigumi_on("a", {"set", "k", "first"}).status, 0);
    expect_no(kigumi_on("a", {"siblings", "none"}), "");
    EXPECT_EQ(kigumi_on("b", {"set", "k", "second"}).status, 0);
    pull("a", "b");
    const Run text = kigumi_on("b", {"siblings", "k"});
    EXPECT_TRUE(matches(text.out, kSibling + "\"second\"\n" + kSibling + "\"first\"\n"))
        << text.out;
    const Value json =
        json_of(run_kigumi({"--json", "--data", path("b").string(), "siblings", "k"}));
    const auto* all = json.get_if<Array>();
    ASSERT_NE(all, nullptr);
    ASSERT_EQ(all->size(), 2U);
    EXPECT_EQ(member((*all)[0], "value"), Value("second"));
    EXPECT_EQ(member((*all)[1], "value"), Value("first"));
    EXPECT_NE(member((*all)[0], "replica"), member((*all)[1], "replica"));

    EXPECT_EQ(kigumi_on("b", {"set", "k", "third"}).status, 0);
    EXPECT_TRUE(matches(kigumi_on("b", {"siblings", "k"}).out, kSibling + "\"third\"\n"));
}

TEST_F(Registers, RemovalAmongSiblings) {
    EXPECT_EQ(kigumi_on("a", {"set", "k", "base"}).status, 0);
    EXPECT_EQ(kigumi_on("b", {"set", "other", ""}).status, 0);
    pull("a", "b");
    EXPECT_EQ(kigumi_on("b", {"set", "k", "kept"}).status, 0);
    expect_prints(kigumi_on("a", {"del", "k"}), "1\n");
    pull("b", "a");
    const Run run = kigumi_on("a", {"siblings", "k"});
    EXPECT_TRUE(matches(run.out, kSibling + "removed\n" + kSibling + "\"kept\"\n")) << run.out;
    expect_no(kigumi_on("a", {"get", "k"}), "");
    expect_no(kigumi_on("a", {"exists", "k"}), "0\n");
    expect_prints(kigumi_on("a", {"del", "k"}), "1\n");
    expect_no(kigumi_on("a", {"siblings", "k"}), "");
}

class Counters : public CliTest {};

TEST_F(Counters, CountUpAndDown) {
    expect_prints(kigumi({"incr", "c"}), "1\n");
    expect_prints(kigumi({"incr", "c", "10"}), "11\n");
    expect_prints(kigumi({"incr", "c", "-5"}), "6\n");
    expect_prints(kigumi({"decr", "c"}), "5\n");
    expect_prints(kigumi({"decr", "c", "7"}), "-2\n");
    expect_prints(kigumi({"decr", "c", "-3"}), "1\n");
    expect_prints(kigumi({"count", "c"}), "1\n");
    EXPECT_EQ(json_of(kigumi_json({"count", "c"})), Value(1));
    expect_prints(kigumi({"count", "never"}), "0\n");
}

TEST_F(Counters, Reset) {
    expect_no(kigumi({"reset", "c"}), "");
    expect_prints(kigumi({"incr", "c", "3"}), "3\n");
    expect_prints(kigumi({"reset", "c"}), "");
    expect_prints(kigumi({"count", "c"}), "0\n");
    expect_no(kigumi({"exists", "c"}), "0\n");
    expect_prints(kigumi({"incr", "c"}), "1\n");
}

TEST_F(Counters, BadAmounts) {
    for (const char* amount : {"", "x", "1x", "1.5", "9223372036854775808", "+1", " 1"})
        expect_error(kigumi({"incr", "c", amount}), "not an integer");
    expect_error(kigumi({"decr", "c", "-9223372036854775808"}), "no negative");
    expect_prints(kigumi({"incr", "c", "9223372036854775807"}), "9223372036854775807\n");
    expect_error(kigumi({"incr", "c"}), "range");
    expect_prints(kigumi({"count", "c"}), "9223372036854775807\n");
}

class Sets : public CliTest {};

TEST_F(Sets, AddRemoveList) {
    expect_prints(kigumi({"sadd", "s", "b", "a", "b"}), "2\n");
    expect_prints(kigumi({"sadd", "s", "a", "c"}), "1\n");
    expect_prints(kigumi({"smembers", "s"}), "a\nb\nc\n");
    expect_prints(kigumi_json({"smembers", "s"}), "[\"a\",\"b\",\"c\"]\n");
    expect_prints(kigumi({"scard", "s"}), "3\n");
    expect_prints(kigumi({"sismember", "s", "a"}), "true\n");
    expect_no(kigumi({"sismember", "s", "z"}), "false\n");
    expect_prints(kigumi({"srem", "s", "a", "z"}), "1\n");
    expect_no(kigumi({"srem", "s", "a"}), "0\n");
    expect_prints(kigumi({"scard", "s"}), "2\n");
    expect_prints(kigumi({"smembers", "none"}), "");
    expect_prints(kigumi_json({"smembers", "none"}), "[]\n");
    expect_prints(kigumi({"scard", "none"}), "0\n");
}

TEST_F(Sets, JsonMembers) {
    expect_prints(kigumi_json({"sadd", "s", "1", "\"1\"", "[1]"}), "3\n");
    expect_no(kigumi({"sismember", "s", "2"}), "false\n");
    expect_prints(kigumi({"smembers", "s"}), "1\n1\n[1]\n");
    expect_prints(kigumi_json({"smembers", "s"}), "[1,\"1\",[1]]\n");
    expect_prints(kigumi_json({"srem", "s", "1"}), "1\n");
    expect_prints(kigumi({"sismember", "s", "1"}), "true\n");
    // All or nothing: one bad member and none is added.
    expect_error(kigumi_json({"sadd", "s", "7", "oops"}), "JSON");
    expect_no(kigumi_json({"sismember", "s", "7"}), "false\n");
}

class Maps : public CliTest {};

TEST_F(Maps, Fields) {
    expect_prints(kigumi({"hset", "m", "name", "Ada", "born", "1815"}), "");
    expect_prints(kigumi({"hget", "m", "name"}), "Ada\n");
    expect_prints(kigumi_json({"hget", "m", "born"}), "\"1815\"\n");
    expect_no(kigumi({"hget", "m", "none"}), "");
    expect_no(kigumi({"hget", "none", "none"}), "");
    expect_prints(kigumi({"hgetall", "m"}), "born 1815\nname Ada\n");
    expect_prints(kigumi_json({"hgetall", "m"}), "{\"born\":\"1815\",\"name\":\"Ada\"}\n");
    expect_prints(kigumi({"hdel", "m", "name", "none"}), "1\n");
    expect_no(kigumi({"hdel", "m", "name"}), "0\n");
    expect_prints(kigumi({"hgetall", "m"}), "born 1815\n");
    expect_prints(kigumi({"hgetall", "none"}), "");
    expect_prints(kigumi_json({"hgetall", "none"}), "{}\n");
    expect_error(kigumi({"hset", "m", "\xFF", "v"}), "not UTF-8");
}

TEST_F(Maps, LeavesOfEveryType) {
    {
        const auto store = Store::open(path("node")).value();
        auto txn = store->write().value();
        txn.map("m").counter("hits").add(7).value();
        static_cast<void>(txn.map("m").set("tags").add(Value("x")).value());
        txn.map("m").reg("both").assign(Value("text")).value();
        txn.map("m").counter("both").add(2).value();
        txn.commit().value();
    }
    expect_prints(kigumi({"hgetall", "m"}),
                  "both {\"counter\":2,\"register\":\"text\"}\nhits 7\ntags [\"x\"]\n");
    expect_prints(kigumi_json({"hgetall", "m"}),
                  "{\"both\":{\"counter\":2,\"register\":\"text\"},\"hits\":7,\"tags\":[\"x\"]}\n");
    expect_prints(kigumi({"hget", "m", "hits"}), "7\n");
    expect_prints(kigumi({"hget", "m", "tags"}), "[\"x\"]\n");
    expect_error(
        kigumi({"hset", "m", "hits", "v"}),
        "field \"hits\" of map \"m\" holds a counter, not a register; use another field or "
        "`kigumi hdel m hits` first");
    expect_prints(kigumi({"hset", "m", "both", "new"}), "");
    expect_prints(kigumi({"hdel", "m", "hits"}), "1\n");
    expect_prints(kigumi({"hset", "m", "hits", "v"}), "");
    expect_prints(kigumi({"hget", "m", "hits"}), "v\n");
}

class Flags : public CliTest {};

TEST_F(Flags, EnableDisableTest) {
    expect_prints(kigumi({"enable", "f"}), "");
    expect_prints(kigumi({"test", "f"}), "true\n");
    expect_prints(kigumi({"disable", "f"}), "");
    expect_no(kigumi({"test", "f"}), "false\n");
    expect_no(kigumi({"test", "never"}), "false\n");
    expect_prints(kigumi({"type", "f"}), "flag\n");
}

class Keyspace : public CliTest {
  protected:
    void fill() const {
        expect_prints(kigumi({"set", "user:1", "v"}), "");
        expect_prints(kigumi({"incr", "user:2"}), "1\n");
        expect_prints(kigumi({"sadd", "cart", "milk"}), "1\n");
        expect_prints(kigumi({"hset", "map", "f", "v"}), "");
        expect_prints(kigumi({"disable", "flag"}), "");
    }
};

TEST_F(Keyspace, KeysTypesAndExistence) {
    fill();
    expect_prints(kigumi({"keys"}), "cart\nflag\nmap\nuser:1\nuser:2\n");
    expect_prints(kigumi({"keys", "user:*"}), "user:1\nuser:2\n");
    expect_prints(kigumi({"keys", "user:[!1]"}), "user:2\n");
    expect_prints(kigumi({"keys", "nothing*"}), "");
    expect_prints(kigumi_json({"keys", "user:?"}), "[\"user:1\",\"user:2\"]\n");
    expect_prints(kigumi({"exists", "cart", "none", "map"}), "2\n");
    expect_no(kigumi({"exists", "none"}), "0\n");
    expect_prints(kigumi({"type", "user:2"}), "counter\n");
    expect_prints(kigumi_json({"type", "cart"}), "[\"set\"]\n");
    expect_no(kigumi({"type", "none"}), "");
    expect_no(kigumi_json({"type", "none"}), "[]\n");
}

TEST_F(Keyspace, DelRemovesEveryType) {
    fill();
    expect_prints(kigumi({"del", "user:1", "user:2", "cart", "map", "flag", "none"}), "5\n");
    expect_prints(kigumi({"keys"}), "");
    expect_no(kigumi({"del", "cart"}), "0\n");
    expect_prints(kigumi({"count", "user:2"}), "0\n");
}

TEST_F(Keyspace, AKeyOfSeveralTypes) {
    EXPECT_EQ(kigumi_on("a", {"set", "k", "v"}).status, 0);
    EXPECT_EQ(kigumi_on("b", {"incr", "k", "4"}).status, 0);
    pull("a", "b");
    expect_prints(kigumi_on("b", {"type", "k"}), "register\ncounter\n");
    expect_prints(kigumi_on("b", {"keys"}), "k\n");
    expect_prints(kigumi_on("b", {"exists", "k"}), "1\n");
    expect_prints(kigumi_on("b", {"get", "k"}), "v\n");
    expect_prints(kigumi_on("b", {"incr", "k"}), "5\n");
    expect_error(kigumi_on("b", {"sadd", "k", "m"}),
                 "key \"k\" holds a register and a counter, not a set");
    expect_prints(kigumi_on("b", {"del", "k"}), "2\n");
}

TEST_F(Keyspace, WrongTypeIsRefusedAndNothingWritten) {
    fill();
    const std::string before = kigumi({"dump"}).out;
    const std::string hint = "; use another key or `kigumi del cart` first";
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {"set", "cart", "v"}, {"get", "cart"}, {"siblings", "cart"}})
        expect_error(kigumi(command), "key \"cart\" holds a set, not a register" + hint);
    for (const char* verb : {"incr", "decr", "count", "reset"})
        expect_error(kigumi({verb, "cart"}), "holds a set, not a counter" + hint);
    for (const char* verb : {"enable", "disable", "test"})
        expect_error(kigumi({verb, "cart"}), "holds a set, not a flag" + hint);
    expect_error(kigumi({"hset", "cart", "f", "v"}), "holds a set, not a map" + hint);
    expect_error(kigumi({"hget", "cart", "f"}), "holds a set, not a map" + hint);
    expect_error(kigumi({"hdel", "cart", "f"}), "holds a set, not a map" + hint);
    expect_error(kigumi({"hgetall", "cart"}), "holds a set, not a map" + hint);
    for (const char* verb : {"sadd", "srem", "sismember"})
        expect_error(kigumi({verb, "user:1", "m"}), "holds a register, not a set");
    for (const char* verb : {"smembers", "scard"})
        expect_error(kigumi({verb, "user:1"}), "holds a register, not a set");
    EXPECT_EQ(kigumi({"dump"}).out, before);
    expect_prints(kigumi({"del", "cart"}), "1\n");
    expect_prints(kigumi({"set", "cart", "v"}), "");
}

TEST_F(Keyspace, Conflicts) {
    EXPECT_EQ(kigumi_on("a", {"set", "k", "mine"}).status, 0);
    EXPECT_EQ(kigumi_on("a", {"sadd", "s", "m"}).status, 0);
    EXPECT_EQ(kigumi_on("a", {"incr", "c"}).status, 0);
    expect_prints(kigumi_on("a", {"conflicts"}), "");
    EXPECT_EQ(kigumi_on("b", {"set", "k", "theirs"}).status, 0);
    EXPECT_EQ(kigumi_on("b", {"sadd", "s", "m"}).status, 0);
    EXPECT_EQ(kigumi_on("b", {"incr", "c"}).status, 0);
    pull("a", "b");
    const Run text = kigumi_on("b", {"conflicts"});
    EXPECT_TRUE(matches(text.out, R"("k" register \[\]\n  )" + kSibling + "\"theirs\"\n  " +
                                      kSibling + "\"mine\"\n"))
        << text.out;
    const Value json = json_of(run_kigumi({"--json", "--data", path("b").string(), "conflicts"}));
    ASSERT_NE(json.get_if<Array>(), nullptr);
    ASSERT_EQ(json.get_if<Array>()->size(), 1U);
    const Value& row = json.get_if<Array>()->front();
    EXPECT_EQ(member(row, "key"), Value("k"));
    EXPECT_EQ(member(row, "type"), Value("register"));
    EXPECT_EQ(member(row, "path"), Value(Array()));
    EXPECT_EQ(member(member(row, "values").get_if<Array>()->at(1), "value"), Value("mine"));
}

class StatusCommand : public CliTest {};

TEST_F(StatusCommand, TellsIdentityClockAndSize) {
    EXPECT_EQ(kigumi({"set", "k", "v"}).status, 0);
    EXPECT_EQ(kigumi({"--bucket", "other", "sadd", "s", "a", "b"}).status, 0);
    std::string replica;
    {
        const auto store = Store::open(path("node")).value();
        replica = store->replica().value().hex();
        PeerRecord peer;
        peer.replica = ReplicaId::from_hex("000102030405060708090a0b0c0d0e0f").value();
        peer.address = "tcp://10.0.0.2:7946";
        peer.connected = true;
        store->put_peers("other", {peer}).value();
    }
    const Run text = kigumi({"status"});
    EXPECT_EQ(text.status, 0);
    for (const std::string& part :
         {"replica  " + replica + "\n", "version  " + replica + ":1\n", std::string("rows     1\n"),
          std::string("buckets  \"default\" \"other\"\n"), std::string("daemon   not running\n")})
        EXPECT_NE(text.out.find(part), std::string::npos) << part << text.out;

    const Value json = json_of(kigumi_json({"--bucket", "other", "status"}));
    EXPECT_EQ(member(json, "replica"), Value(replica));
    EXPECT_EQ(member(json, "bucket"), Value("other"));
    EXPECT_EQ(member(member(json, "version"), replica), Value(2));
    EXPECT_EQ(member(json, "rows"), Value(2));
    EXPECT_EQ(member(json, "buckets"), Value(Array{"default", "other"}));
    EXPECT_EQ(member(json, "daemon"), Value(false));
    EXPECT_GT(*member(json, "file_bytes").get_if<std::int64_t>(), 0);
    EXPECT_GT(*member(json, "map_bytes").get_if<std::int64_t>(), 0);
    const Value peer = member(json, "peers").get_if<Array>()->at(0);
    EXPECT_EQ(member(peer, "address"), Value("tcp://10.0.0.2:7946"));
    EXPECT_EQ(member(peer, "connected"), Value(true));
    EXPECT_EQ(member(peer, "lag"), Value(2));
}

TEST_F(StatusCommand, KnowsWhetherADaemonRuns) {
    EXPECT_EQ(kigumi({"set", "k", "v"}).status, 0);
    const int lock =
        open((path("node") / "kigumid.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    EXPECT_EQ(member(json_of(kigumi_json({"status"})), "daemon"), Value(false));
    ASSERT_EQ(flock(lock, LOCK_EX | LOCK_NB), 0);
    EXPECT_EQ(member(json_of(kigumi_json({"status"})), "daemon"), Value(true));
    close(lock);
    EXPECT_EQ(member(json_of(kigumi_json({"status"})), "daemon"), Value(false));
}

}  // namespace
}  // namespace kigumi
