#include "cli/cli_run.hpp"

namespace kigumi {
namespace {

class SignCommand : public CliTest {};

TEST_F(SignCommand, MakesABucketSignedBeforeItIsWrittenTo) {
    expect_prints(cli({"--bucket", "orders", "sign"}), "bucket \"orders\" is signed\n");
    expect_prints(cli({"--bucket", "orders", "sign"}), "bucket \"orders\" is signed\n");
    EXPECT_EQ(cli({"--bucket", "orders", "set", "k", "v"}).status, 0);
    EXPECT_EQ(cli({"set", "k", "v"}).status, 0);
    expect_prints(cli({"--bucket", "orders", "get", "k"}), "v\n");
    EXPECT_NE(cli({"--bucket", "orders", "status"}).out.find("\"orders\", signed\n"),
              std::string::npos);
    EXPECT_EQ(member(json_of(cli_json({"--bucket", "orders", "status"})), "signed"), Value(true));
    EXPECT_EQ(member(json_of(cli_json({"status"})), "signed"), Value(false));
    EXPECT_EQ(cli({"check"}).status, 0);
    const Outcome refused = cli({"sign"});
    EXPECT_EQ(refused.status, 2);
    EXPECT_NE(refused.err.find("bears no proof"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace kigumi
