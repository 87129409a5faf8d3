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
    const Outcome run = run_kigumi({"--help"});
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
    expect_error(cli({"get"}), "usage: kigumi [OPTIONS] get KEY");
    expect_error(cli({"get", "a", "b"}), "usage: kigumi [OPTIONS] get KEY");
    expect_error(cli({"hset", "k", "f", "1", "g"}), "has no value");
}

TEST_F(Usage, ReadingCreatesNothing) {
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {"get", "k"}, {"keys"}, {"status"}, {"dump"}, {"count", "k"}, {"hgetall", "k"}})
        expect_error(cli(command), "there is no data in");
    EXPECT_FALSE(std::filesystem::exists(path("node")));
    std::filesystem::create_directory(path("node"));
    expect_error(cli({"get", "k"}), "there is no data in");
    EXPECT_TRUE(std::filesystem::is_empty(path("node")));
}

TEST_F(Usage, UnusableDataDirectory) {
    expect_error(run_kigumi({"--data", "/dev/null", "set", "k", "v"}), "/dev/null");
    expect_prints(cli({"set", "k", "v"}), "");
    std::filesystem::resize_file(path("node") / "data.mdb", 100);
    expect_error(cli({"get", "k"}), "cannot open the environment");
}

TEST_F(Usage, BucketsAreApart) {
    expect_prints(cli({"--bucket", "other", "set", "k", "v"}), "");
    expect_no(cli({"get", "k"}), "");
    expect_prints(cli({"--bucket", "other", "get", "k"}), "v\n");
    expect_error(cli({"--bucket", "", "get", "k"}), "bucket's name");
    expect_error(cli({"--bucket", std::string(256, 'b'), "get", "k"}), "bucket's name");
}

TEST_F(Usage, ArgumentsAfterTheCommandAreNeverOptions) {
    for (const std::string value : {"-5", "--json", "--help", "--", "-", "", "a\nb"}) {
        expect_prints(cli({"set", "k", value}), "");
        expect_prints(cli({"get", "k"}), value + "\n");
    }
}

TEST_F(Usage, OutputThatDoesNotArriveIsAnError) {
    expect_prints(cli({"set", "k", "v"}), "");
    for (const char* output : {"/dev/full", "closed", "gone"}) {
        Channels channels;
        channels.output_file = output;
        const Outcome run = run_kigumi({"--data", path("node").string(), "get", "k"}, channels);
        expect_error(run, "cannot write the output");
    }
    Channels closed;
    closed.output_file = "closed";
    EXPECT_EQ(run_kigumi({"--data", path("node").string(), "incr", "c"}, closed).status, 2);
    expect_prints(cli({"get", "k"}), "v\n");  // the output has not gone into the data
}

class Registers : public CliTest {};

TEST_F(Registers, SetAndGet) {
    expect_prints(cli({"set", "k", "wörld"}), "");
    expect_prints(cli({"get", "k"}), "wörld\n");
    expect_prints(cli_json({"get", "k"}), "\"wörld\"\n");
    expect_no(cli({"get", "missing"}), "");
}

TEST_F(Registers, JsonValues) {
    expect_prints(cli_json({"set", "k", R"({"b":[1,2.5,null],"a":true})"}), "");
    expect_prints(cli({"get", "k"}), "{\"a\":true,\"b\":[1,2.5,null]}\n");
    expect_error(cli_json({"set", "k", "plain"}), "has to be JSON");
    expect_error(cli_json({"set", "k", std::string(100'000, '[')}), "deeper than 16");
    expect_prints(cli({"set", "n", "5"}), "");
    expect_prints(cli_json({"get", "n"}), "\"5\"\n");
}

TEST_F(Registers, BytesThatAreNoText) {
    expect_prints(cli({"set", "k", "\xFF\x01"}), "");
    expect_prints(cli({"get", "k"}), "{\"$bytes\":\"ff01\"}\n");
    expect_prints(cli({"set", "\xFE", "v"}), "");
    expect_prints(cli({"get", "\xFE"}), "v\n");
    expect_prints(cli_json({"keys", "\xFE"}), "[{\"$bytes\":\"fe\"}]\n");
}

TEST_F(Registers, LimitsAreErrors) {
    expect_error(cli({"set", std::string(4097, 'k'), "v"}), "4,096 bytes");
    expect_error(cli({"set", "", "v"}), "4,096 bytes");
    expect_prints(cli({"set", std::string(4096, 'k'), "v"}), "");
    expect_prints(cli({"get", std::string(4096, 'k')}), "v\n");
    expect_no(cli({"get", ""}), "");
    expect_no(cli({"get", std::string(4097, 'k')}), "");
    expect_no(cli({"exists", std::string(4097, 'k')}), "0\n");
}

TEST_F(Registers, SiblingsNewestFirst) {
    EXPECT_EQ(cli_on("a", {"set", "k", "first"}).status, 0);
    expect_no(cli_on("a", {"siblings", "none"}), "");
    EXPECT_EQ(cli_on("b", {"set", "k", "second"}).status, 0);
    pull("a", "b");
    const Outcome text = cli_on("b", {"siblings", "k"});
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

    EXPECT_EQ(cli_on("b", {"set", "k", "third"}).status, 0);
    EXPECT_TRUE(matches(cli_on("b", {"siblings", "k"}).out, kSibling + "\"third\"\n"));
}

TEST_F(Registers, RemovalAmongSiblings) {
    EXPECT_EQ(cli_on("a", {"set", "k", "base"}).status, 0);
    EXPECT_EQ(cli_on("b", {"set", "other", ""}).status, 0);
    pull("a", "b");
    EXPECT_EQ(cli_on("b", {"set", "k", "kept"}).status, 0);
    expect_prints(cli_on("a", {"del", "k"}), "1\n");
    pull("b", "a");
    const Outcome run = cli_on("a", {"siblings", "k"});
    EXPECT_TRUE(matches(run.out, kSibling + "removed\n" + kSibling + "\"kept\"\n")) << run.out;
    expect_no(cli_on("a", {"get", "k"}), "");
    expect_no(cli_on("a", {"exists", "k"}), "0\n");
    expect_prints(cli_on("a", {"del", "k"}), "1\n");
    expect_no(cli_on("a", {"siblings", "k"}), "");
}

class Counters : public CliTest {};

TEST_F(Counters, CountUpAndDown) {
    expect_prints(cli({"incr", "c"}), "1\n");
    expect_prints(cli({"incr", "c", "10"}), "11\n");
    expect_prints(cli({"incr", "c", "-5"}), "6\n");
    expect_prints(cli({"decr", "c"}), "5\n");
    expect_prints(cli({"decr", "c", "7"}), "-2\n");
    expect_prints(cli({"decr", "c", "-3"}), "1\n");
    expect_prints(cli({"count", "c"}), "1\n");
    EXPECT_EQ(json_of(cli_json({"count", "c"})), Value(1));
    expect_prints(cli({"count", "never"}), "0\n");
}

TEST_F(Counters, Reset) {
    expect_no(cli({"reset", "c"}), "");
    expect_prints(cli({"incr", "c", "3"}), "3\n");
    expect_prints(cli({"reset", "c"}), "");
    expect_prints(cli({"count", "c"}), "0\n");
    expect_no(cli({"exists", "c"}), "0\n");
    expect_prints(cli({"incr", "c"}), "1\n");
}

TEST_F(Counters, BadAmounts) {
    for (const char* amount : {"", "x", "1x", "1.5", "9223372036854775808", "+1", " 1"})
        expect_error(cli({"incr", "c", amount}), "not an integer");
    expect_error(cli({"decr", "c", "-9223372036854775808"}), "no negative");
    expect_prints(cli({"incr", "c", "9223372036854775807"}), "9223372036854775807\n");
    expect_error(cli({"incr", "c"}), "range");
    expect_prints(cli({"count", "c"}), "9223372036854775807\n");
}

class Sets : public CliTest {};

TEST_F(Sets, AddRemoveList) {
    expect_prints(cli({"sadd", "s", "b", "a", "b"}), "2\n");
    expect_prints(cli({"sadd", "s", "a", "c"}), "1\n");
    expect_prints(cli({"smembers", "s"}), "a\nb\nc\n");
    expect_prints(cli_json({"smembers", "s"}), "[\"a\",\"b\",\"c\"]\n");
    expect_prints(cli({"scard", "s"}), "3\n");
    expect_prints(cli({"sismember", "s", "a"}), "true\n");
    expect_no(cli({"sismember", "s", "z"}), "false\n");
    expect_prints(cli({"srem", "s", "a", "z"}), "1\n");
    expect_no(cli({"srem", "s", "a"}), "0\n");
    expect_prints(cli({"scard", "s"}), "2\n");
    expect_prints(cli({"smembers", "none"}), "");
    expect_prints(cli_json({"smembers", "none"}), "[]\n");
    expect_prints(cli({"scard", "none"}), "0\n");
}

TEST_F(Sets, JsonMembers) {
    expect_prints(cli_json({"sadd", "s", "1", "\"1\"", "[1]"}), "3\n");
    expect_no(cli({"sismember", "s", "2"}), "false\n");
    expect_prints(cli({"smembers", "s"}), "1\n1\n[1]\n");
    expect_prints(cli_json({"smembers", "s"}), "[1,\"1\",[1]]\n");
    expect_prints(cli_json({"srem", "s", "1"}), "1\n");
    expect_prints(cli({"sismember", "s", "1"}), "true\n");
    // All or nothing: one bad member and none is added.
    expect_error(cli_json({"sadd", "s", "7", "oops"}), "JSON");
    expect_no(cli_json({"sismember", "s", "7"}), "false\n");
}

class Maps : public CliTest {};

TEST_F(Maps, Fields) {
    expect_prints(cli({"hset", "m", "name", "Ada", "born", "1815"}), "");
    expect_prints(cli({"hget", "m", "name"}), "Ada\n");
    expect_prints(cli_json({"hget", "m", "born"}), "\"1815\"\n");
    expect_no(cli({"hget", "m", "none"}), "");
    expect_no(cli({"hget", "none", "none"}), "");
    expect_prints(cli({"hgetall", "m"}), "born 1815\nname Ada\n");
    expect_prints(cli_json({"hgetall", "m"}), "{\"born\":\"1815\",\"name\":\"Ada\"}\n");
    expect_prints(cli({"hdel", "m", "name", "none"}), "1\n");
    expect_no(cli({"hdel", "m", "name"}), "0\n");
    expect_prints(cli({"hgetall", "m"}), "born 1815\n");
    expect_prints(cli({"hgetall", "none"}), "");
    expect_prints(cli_json({"hgetall", "none"}), "{}\n");
    expect_error(cli({"hset", "m", "\xFF", "v"}), "not UTF-8");
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
    expect_prints(cli({"hgetall", "m"}),
                  "both {\"counter\":2,\"register\":\"text\"}\nhits 7\ntags [\"x\"]\n");
    expect_prints(cli_json({"hgetall", "m"}),
                  "{\"both\":{\"counter\":2,\"register\":\"text\"},\"hits\":7,\"tags\":[\"x\"]}\n");
    expect_prints(cli({"hget", "m", "hits"}), "7\n");
    expect_prints(cli({"hget", "m", "tags"}), "[\"x\"]\n");
    expect_error(
        cli({"hset", "m", "hits", "v"}),
        "field \"hits\" of map \"m\" holds a counter, not a register; use another field or "
        "`kigumi hdel m hits` first");
    expect_prints(cli({"hset", "m", "both", "new"}), "");
    expect_prints(cli({"hdel", "m", "hits"}), "1\n");
    expect_prints(cli({"hset", "m", "hits", "v"}), "");
    expect_prints(cli({"hget", "m", "hits"}), "v\n");
}

class Flags : public CliTest {};

TEST_F(Flags, EnableDisableTest) {
    expect_prints(cli({"enable", "f"}), "");
    expect_prints(cli({"test", "f"}), "true\n");
    expect_prints(cli({"disable", "f"}), "");
    expect_no(cli({"test", "f"}), "false\n");
    expect_no(cli({"test", "never"}), "false\n");
    expect_prints(cli({"type", "f"}), "flag\n");
}

class Keyspace : public CliTest {
  protected:
    void fill() const {
        expect_prints(cli({"set", "user:1", "v"}), "");
        expect_prints(cli({"incr", "user:2"}), "1\n");
        expect_prints(cli({"sadd", "cart", "milk"}), "1\n");
        expect_prints(cli({"hset", "map", "f", "v"}), "");
        expect_prints(cli({"disable", "flag"}), "");
    }
};

TEST_F(Keyspace, KeysTypesAndExistence) {
    fill();
    expect_prints(cli({"keys"}), "cart\nflag\nmap\nuser:1\nuser:2\n");
    expect_prints(cli({"keys", "user:*"}), "user:1\nuser:2\n");
    expect_prints(cli({"keys", "user:[!1]"}), "user:2\n");
    expect_prints(cli({"keys", "nothing*"}), "");
    expect_prints(cli_json({"keys", "user:?"}), "[\"user:1\",\"user:2\"]\n");
    expect_prints(cli({"exists", "cart", "none", "map"}), "2\n");
    expect_no(cli({"exists", "none"}), "0\n");
    expect_prints(cli({"type", "user:2"}), "counter\n");
    expect_prints(cli_json({"type", "cart"}), "[\"set\"]\n");
    expect_no(cli({"type", "none"}), "");
    expect_no(cli_json({"type", "none"}), "[]\n");
}

TEST_F(Keyspace, DelRemovesEveryType) {
    fill();
    expect_prints(cli({"del", "user:1", "user:2", "cart", "map", "flag", "none"}), "5\n");
    expect_prints(cli({"keys"}), "");
    expect_no(cli({"del", "cart"}), "0\n");
    expect_prints(cli({"count", "user:2"}), "0\n");
}

TEST_F(Keyspace, AKeyOfSeveralTypes) {
    EXPECT_EQ(cli_on("a", {"set", "k", "v"}).status, 0);
    EXPECT_EQ(cli_on("b", {"incr", "k", "4"}).status, 0);
    pull("a", "b");
    expect_prints(cli_on("b", {"type", "k"}), "register\ncounter\n");
    expect_prints(cli_on("b", {"keys"}), "k\n");
    expect_prints(cli_on("b", {"exists", "k"}), "1\n");
    expect_prints(cli_on("b", {"get", "k"}), "v\n");
    expect_prints(cli_on("b", {"incr", "k"}), "5\n");
    expect_error(cli_on("b", {"sadd", "k", "m"}),
                 "key \"k\" holds a register and a counter, not a set");
    expect_prints(cli_on("b", {"del", "k"}), "2\n");
}

TEST_F(Keyspace, WrongTypeIsRefusedAndNothingWritten) {
    fill();
    const std::string before = cli({"dump"}).out;
    const std::string hint = "; use another key or `kigumi del cart` first";
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {"set", "cart", "v"}, {"get", "cart"}, {"siblings", "cart"}})
        expect_error(cli(command), "key \"cart\" holds a set, not a register" + hint);
    for (const char* verb : {"incr", "decr", "count", "reset"})
        expect_error(cli({verb, "cart"}), "holds a set, not a counter" + hint);
    for (const char* verb : {"enable", "disable", "test"})
        expect_error(cli({verb, "cart"}), "holds a set, not a flag" + hint);
    expect_error(cli({"hset", "cart", "f", "v"}), "holds a set, not a map" + hint);
    expect_error(cli({"hget", "cart", "f"}), "holds a set, not a map" + hint);
    expect_error(cli({"hdel", "cart", "f"}), "holds a set, not a map" + hint);
    expect_error(cli({"hgetall", "cart"}), "holds a set, not a map" + hint);
    for (const char* verb : {"sadd", "srem", "sismember"})
        expect_error(cli({verb, "user:1", "m"}), "holds a register, not a set");
    for (const char* verb : {"smembers", "scard"})
        expect_error(cli({verb, "user:1"}), "holds a register, not a set");
    EXPECT_EQ(cli({"dump"}).out, before);
    expect_prints(cli({"del", "cart"}), "1\n");
    expect_prints(cli({"set", "cart", "v"}), "");
}

TEST_F(Keyspace, Conflicts) {
    EXPECT_EQ(cli_on("a", {"set", "k", "mine"}).status, 0);
    EXPECT_EQ(cli_on("a", {"sadd", "s", "m"}).status, 0);
    EXPECT_EQ(cli_on("a", {"incr", "c"}).status, 0);
    expect_prints(cli_on("a", {"conflicts"}), "");
    EXPECT_EQ(cli_on("b", {"set", "k", "theirs"}).status, 0);
    EXPECT_EQ(cli_on("b", {"sadd", "s", "m"}).status, 0);
    EXPECT_EQ(cli_on("b", {"incr", "c"}).status, 0);
    pull("a", "b");
    const Outcome text = cli_on("b", {"conflicts"});
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
    EXPECT_EQ(cli({"set", "k", "v"}).status, 0);
    EXPECT_EQ(cli({"--bucket", "other", "sadd", "s", "a", "b"}).status, 0);
    std::string replica;
    {
        const auto store = Store::open(path("node")).value();
        replica = store->replica().value().hex();
        PeerRecord peer;
        peer.replica = ReplicaId::from_hex("000102030405060708090a0b0c0d0e0f").value();
        peer.address = "tcp://10.0.0.2:7946";
        peer.connected = true;
        peer.audited_ms = 1'700'000'000'000;
        peer.differences = 3;
        store->put_peers({{"other", {peer}}}).value();
    }
    const Outcome text = cli({"status"});
    EXPECT_EQ(text.status, 0);
    for (const std::string& part :
         {"replica  " + replica + "\n", "version  " + replica + ":1\n", std::string("rows     1\n"),
          std::string("buckets  \"default\" \"other\"\n"), std::string("daemon   not running\n")})
        EXPECT_NE(text.out.find(part), std::string::npos) << part << text.out;

    EXPECT_EQ(text.out.find("folding"), std::string::npos) << text.out;
    {
        // What a large pull has brought.
        const auto store = Store::open(path("node")).value();
        const ReplicaId peer(ReplicaId::Bytes{9});
        auto tx = store->write("large").value();
        for (std::uint64_t i = 1; i <= 3; ++i) {
            Row row;
            row.insert({{peer, i}, Hlc::at_ms(1), Value("x")});
            tx.stage({{"k" + std::to_string(i), Type::kRegister, {}}, row}).value();
        }
        tx.lay_over({{peer, 3}}, {}, false, Hlc::at_ms(1)).value();
        tx.fold(1, 1'000).value();
        tx.commit().value();
    }
    const Outcome folding = cli({"--bucket", "large", "status"});
    EXPECT_NE(folding.out.find("folding  what a large pull brought: 2 rows left\n"),
              std::string::npos)
        << folding.out;
    EXPECT_EQ(member(json_of(cli_json({"--bucket", "large", "status"})), "rows_to_fold"), Value(2));

    const Value json = json_of(cli_json({"--bucket", "other", "status"}));
    EXPECT_EQ(member(json, "replica"), Value(replica));
    EXPECT_EQ(member(json, "bucket"), Value("other"));
    EXPECT_EQ(member(member(json, "version"), replica), Value(2));
    EXPECT_EQ(member(json, "rows"), Value(2));
    EXPECT_EQ(member(json, "buckets"), Value(Array{"default", "large", "other"}));
    EXPECT_EQ(member(json, "rows_to_fold"), Value());
    EXPECT_EQ(member(json, "daemon"), Value(false));
    EXPECT_GT(*member(json, "file_bytes").get_if<std::int64_t>(), 0);
    EXPECT_GT(*member(json, "map_bytes").get_if<std::int64_t>(), 0);
    const Value peer = member(json, "peers").get_if<Array>()->at(0);
    EXPECT_EQ(member(peer, "address"), Value("tcp://10.0.0.2:7946"));
    EXPECT_EQ(member(peer, "connected"), Value(true));
    EXPECT_EQ(member(peer, "lag"), Value(2));
    EXPECT_EQ(member(peer, "audited"), Value("2023-11-14T22:13:20.000Z"));
    EXPECT_EQ(member(peer, "differences"), Value(3));
    const Outcome other = cli({"--bucket", "other", "status"});
    EXPECT_NE(other.out.find(", audited 2023-11-14T22:13:20.000Z, 3 differences found\n"),
              std::string::npos)
        << other.out;
}

TEST_F(StatusCommand, TellsWhatHoldsCollectionBack) {
    EXPECT_EQ(cli({"sadd", "s", "a"}).status, 0);
    EXPECT_EQ(cli({"srem", "s", "a"}).status, 0);
    const std::string absent = "000102030405060708090a0b0c0d0e0f";
    EXPECT_EQ(member(json_of(cli_json({"status"})), "collection_waits_for"), Value(Array()));
    EXPECT_EQ(cli({"member", "add", absent}).status, 0);
    Value json = json_of(cli_json({"status"}));
    EXPECT_EQ(member(json, "removed_rows"), Value(1));
    const Value waits = member(json, "collection_waits_for");
    ASSERT_NE(waits.get_if<Array>(), nullptr);
    ASSERT_EQ(waits.get_if<Array>()->size(), 1U);
    EXPECT_EQ(member(waits.get_if<Array>()->front(), "replica"), Value(absent));
    EXPECT_EQ(member(waits.get_if<Array>()->front(), "since"), Value());
    EXPECT_NE(cli({"status"}).out.find("waits    for " + absent + ", which has confirmed nothing"),
              std::string::npos);
    EXPECT_EQ(cli({"member", "retire", absent.substr(0, 8)}).status, 0);
    json = json_of(cli_json({"status"}));
    EXPECT_EQ(member(json, "collection_waits_for"), Value(Array()));
}

class Members : public CliTest {};

TEST_F(Members, AreListedAddedAndRetired) {
    EXPECT_EQ(cli({"set", "k", "v"}).status, 0);
    const std::string self = Store::open(path("node")).value()->replica().value().hex();
    const std::string other = "000102030405060708090a0b0c0d0e0f";
    expect_prints(cli({"members"}), self + " origin, this node\n");
    EXPECT_EQ(cli({"member", "add", other}).status, 0);
    EXPECT_NE(cli({"members"}).out.find(other + " member, never heard of\n"), std::string::npos);
    EXPECT_EQ(cli({"member", "retire", "0001"}).status, 0);
    EXPECT_NE(cli({"members"}).out.find(other + " retired"), std::string::npos);
    const Value json = json_of(cli_json({"members"}));
    ASSERT_EQ(json.get_if<Array>()->size(), 2U);
    bool listed = false;
    for (const Value& one : *json.get_if<Array>())
        if (member(one, "replica") == Value(other))
            listed = member(one, "standing") == Value("retired");
    EXPECT_TRUE(listed);
    expect_error(cli({"member", "retire", "beef"}), "no replica begins with 'beef'");
    expect_error(cli({"member", "retire", self}), "this node itself");
    expect_error(cli({"member", "remove", other}), "'add ID' or 'retire ID'");
}

TEST_F(StatusCommand, KnowsWhetherADaemonRuns) {
    EXPECT_EQ(cli({"set", "k", "v"}).status, 0);
    const int lock =
        open((path("node") / "kigumid.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    EXPECT_EQ(member(json_of(cli_json({"status"})), "daemon"), Value(false));
    ASSERT_EQ(flock(lock, LOCK_EX | LOCK_NB), 0);
    EXPECT_EQ(member(json_of(cli_json({"status"})), "daemon"), Value(true));
    close(lock);
    EXPECT_EQ(member(json_of(cli_json({"status"})), "daemon"), Value(false));
}

}  // namespace
}  // namespace kigumi
