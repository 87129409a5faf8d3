#include <gtest/gtest.h>

#include <fstream>

#include "cli/cli_run.hpp"
#include "kigumi/replication/bundle.hpp"
#include "protocol/messages.hpp"
#include "support/temp_directory.hpp"

namespace kigumi {
namespace {

std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The files that each version of the formats left behind: `format-N`.
class Golden : public testing::TestWithParam<std::string> {
  protected:
    std::filesystem::path golden() const { return std::filesystem::path(GOLDEN) / GetParam(); }
    std::string node(const std::string& name) const { return (scratch_.path() / name).string(); }
    /// A node with the environment of that version.
    std::string old_node() const {
        std::filesystem::create_directory(node("old"));
        std::filesystem::copy_file(golden() / "data.mdb", node("old") + "/data.mdb");
        return node("old");
    }
    void expect_content(const std::string& data) const {
        EXPECT_EQ(run_kigumi({"--data", data, "dump"}).out, contents(golden() / "dump.jsonl"));
        const auto store = Store::open(data).value();
        for (const std::string& bucket : store->buckets().value())
            EXPECT_TRUE(store->read(bucket).value().check_log()) << bucket;
    }

    TempDirectory scratch_;
};

TEST_P(Golden, EnvironmentIsReadAndWritten) {
    const std::string data = old_node();
    expect_content(data);
    EXPECT_EQ(run_kigumi({"--data", data, "incr", "counter", "5"}).out, "5\n");
    EXPECT_EQ(run_kigumi({"--data", data, "siblings", "register"}).status, 0);
}

TEST_P(Golden, BundlesAreJoined) {
    const std::string full = (golden() / "full.bundle").string();
    const std::string since = (golden() / "since.bundle").string();
    EXPECT_EQ(run_kigumi({"--data", node("new"), "import", since, full}).status, 0);
    expect_content(node("new"));
}

TEST_P(Golden, BundlesAreRestored) {
    bundle::restore({golden() / "full.bundle", golden() / "since.bundle"}, node("new")).value();
    expect_content(node("new"));
}

TEST_P(Golden, BundlesOfTodayGoOnFromThem) {
    const std::string data = old_node();
    EXPECT_EQ(run_kigumi({"--data", data, "sadd", "set", "today"}).status, 0);
    const std::string today = node("today");
    EXPECT_EQ(run_kigumi({"--data", data, "export", today, "--since",
                          (golden() / "since.bundle").string()})
                  .status,
              0);
    EXPECT_EQ(run_kigumi({"--data", node("new"), "import", (golden() / "full.bundle").string(),
                          (golden() / "since.bundle").string(), today})
                  .status,
              0);
    EXPECT_EQ(run_kigumi({"--data", node("new"), "dump"}).out,
              run_kigumi({"--data", data, "dump"}).out);
}

TEST_P(Golden, MessagesAreUnderstood) {
    std::size_t messages = 0;
    for (const auto& entry : std::filesystem::directory_iterator(golden() / "messages")) {
        const std::string bytes = contents(entry.path());
        const auto message = wire::decode(bytes);
        ASSERT_TRUE(message) << entry.path() << ": " << message.error().message;
        // What is sent today is what was sent then.
        EXPECT_EQ(wire::encode(*message), bytes) << entry.path();
        ++messages;
    }
    EXPECT_GE(messages, std::variant_size_v<wire::Message>);
}

INSTANTIATE_TEST_SUITE_P(Of, Golden, testing::Values("format-1"),
                         [](const auto& info) { return "Format" + info.param.substr(7); });

}  // namespace
}  // namespace kigumi
