#include "cli/cli_run.hpp"

namespace kigumi {
namespace {

using BundleCommands = CliTest;

TEST_F(BundleCommands, BringNodesWithoutANetworkTogether) {
    const auto a = [this](std::vector<std::string> c) { return cli_on("a", std::move(c)); };
    const auto b = [this](std::vector<std::string> c) { return cli_on("b", std::move(c)); };
    const std::string first = path("first").string();
    const std::string second = path("second").string();
    const std::string third = path("third").string();
    EXPECT_EQ(a({"sadd", "fruit", "apple", "pear"}).status, 0);
    EXPECT_EQ(b({"incr", "visits", "3"}).status, 0);
    EXPECT_EQ(a({"export", first}).status, 0);
    EXPECT_EQ(b({"import", first}).status, 0);
    EXPECT_EQ(b({"srem", "fruit", "pear"}).status, 0);
    EXPECT_EQ(a({"incr", "visits", "4"}).status, 0);
    // Each asks for what the other's last bundle did not hold.
    EXPECT_EQ(b({"export", second, "--since", first}).status, 0);
    EXPECT_EQ(a({"import", second}).status, 0);
    EXPECT_EQ(a({"export", third, "--since", second}).status, 0);
    EXPECT_EQ(b({"import", third, first}).status, 0);
    expect_prints(a({"smembers", "fruit"}), "apple\n");
    expect_prints(b({"count", "visits"}), "7\n");
    EXPECT_EQ(a({"dump"}).out, b({"dump"}).out);
}

TEST_F(BundleCommands, ExportOneBucketSinceAVersion) {
    EXPECT_EQ(cli({"set", "a", "1"}).status, 0);
    const Value version = member(json_of(cli_json({"status"})), "version");
    EXPECT_EQ(cli({"set", "b", "2"}).status, 0);
    const std::string file = path("file").string();
    const std::vector<std::string> since = {"export", file, "--since", to_json(version)};
    expect_error(cli(since), "name it with --bucket");
    auto one = since;
    one.insert(one.begin(), {"--bucket", "default", "--json"});
    const Value written = json_of(cli(one));
    EXPECT_EQ(member(written, "rows"), Value(1));
    const Value inspected = json_of(run_kigumi({"--json", "inspect", file}));
    EXPECT_EQ(member(inspected, "source"), member(json_of(cli_json({"status"})), "replica"));
    const Value buckets = member(inspected, "buckets");
    ASSERT_NE(buckets.get_if<Array>(), nullptr);
    const Value& bucket = buckets.get_if<Array>()->at(0);
    EXPECT_EQ(member(bucket, "full"), Value(false));
    EXPECT_EQ(member(bucket, "since"), version);
    const Outcome text = run_kigumi({"inspect", file});
    EXPECT_NE(text.out.find("1 rows, incremental"), std::string::npos) << text.out;
    expect_error(cli_on("other", {"import", file}), "has got nothing of that replica");
}

TEST_F(BundleCommands, SayWhatIsWrong) {
    EXPECT_EQ(cli({"set", "a", "1"}).status, 0);
    const std::string file = path("file").string();
    expect_error(cli({"export", file, "--until", "x"}), "usage: kigumi");
    expect_error(cli({"export", file, "--since"}), "usage: kigumi");
    expect_error(cli({"export", file, "--since", path("none").string()}), "none");
    expect_error(cli({"--bucket", "default", "export", file, "--since", "{\"x\":1}"}),
                 "version vector as status --json prints it");
    expect_error(cli({"import", path("none").string()}), "none");
    expect_error(cli({"--bucket", "nobody", "export", file}), "there is no bucket nobody");
    EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace kigumi
