#include <fstream>

#include "cli/cli_run.hpp"

namespace kigumi {
namespace {

constexpr int kNotYet = 3;

class Sessions : public CliTest {
  protected:
    std::string file() const { return path("session").string(); }
    Outcome in_session(const std::string& node, std::vector<std::string> command) const {
        command.insert(command.begin(), {"--session", file(), "--session-wait", "50"});
        return cli_on(node, std::move(command));
    }
    void write_file(const std::string& text) const { std::ofstream(file()) << text; }
};

TEST_F(Sessions, SeeTheirOwnWritesOnAnyNodeOrSayNotYet) {
    expect_prints(cli_on("other", {"set", "unrelated", "x"}), "");
    expect_prints(in_session("node", {"set", "k", "mine"}), "");
    const Outcome early = in_session("other", {"get", "k"});
    EXPECT_EQ(early.status, kNotYet);
    EXPECT_EQ(early.out, "");
    EXPECT_NE(early.err.find("not yet: this node lacks 1 event by 1 replica"), std::string::npos)
        << early.err;
    pull("node", "other");
    expect_prints(in_session("other", {"get", "k"}), "mine\n");
}

TEST_F(Sessions, NeverReadWhatIsOlderThanWhatTheyHaveRead) {
    expect_prints(cli_on("node", {"set", "k", "new"}), "");
    pull("node", "read");
    expect_prints(cli_on("behind", {"set", "unrelated", "x"}), "");
    // The session writes nothing: it is what it reads that it must not lose.
    expect_prints(in_session("read", {"get", "k"}), "new\n");
    EXPECT_EQ(in_session("behind", {"get", "k"}).status, kNotYet);
    expect_prints(cli_on("behind", {"keys"}), "unrelated\n");
}

TEST_F(Sessions, AreOfBucketsAndDoNotMixThem) {
    expect_prints(in_session("node", {"--bucket", "one", "set", "k", "x"}), "");
    expect_prints(in_session("other", {"--bucket", "two", "set", "k", "y"}), "");
    EXPECT_EQ(in_session("other", {"--bucket", "one", "get", "k"}).status, kNotYet);
    EXPECT_EQ(in_session("node", {"--bucket", "two", "get", "k"}).status, kNotYet);
    expect_prints(in_session("node", {"--bucket", "one", "get", "k"}), "x\n");
}

TEST_F(Sessions, WithAFileThatIsNoneAreRefusedAndItIsKept) {
    expect_prints(cli({"set", "k", "x"}), "");
    for (const std::string text : {"", "nonsense\n", "kigumi1.AAAA\n"}) {
        write_file(text);
        expect_error(in_session("node", {"get", "k"}), "remove the file to begin a new session");
        std::ifstream kept(file());
        EXPECT_EQ(std::string(std::istreambuf_iterator<char>(kept), {}), text);
    }
    write_file("kigumi2.AAAA\n");
    expect_error(in_session("node", {"get", "k"}), "another version");
    expect_error(in_session("node", {"version"}), "--session does not go with version");
    std::filesystem::create_directory(path("directory"));
    expect_error(cli({"--session", path("directory").string(), "get", "k"}), "directory");
    expect_error(cli({"--session", path("absent/file").string(), "get", "k"}), "absent");
}

TEST_F(Sessions, CommandsThatFailAddNothing) {
    expect_prints(in_session("node", {"set", "k", "x"}), "");
    std::ifstream before(file());
    const std::string text(std::istreambuf_iterator<char>(before), {});
    expect_prints(cli_on("node", {"set", "k", "y"}), "");
    EXPECT_EQ(in_session("node", {"incr", "k", "nonsense"}).status, 2);
    std::ifstream after(file());
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(after), {}), text);
}

class WaitCommand : public CliTest {};

TEST_F(WaitCommand, SaysHowManyHaveItAndNotYetIfTheyAreTooFew) {
    expect_prints(cli({"set", "k", "x"}), "");
    expect_prints(cli({"wait", "0", "0"}), "0\n");
    const Outcome early = cli({"wait", "2", "30"});
    EXPECT_EQ(early.status, kNotYet);
    EXPECT_NE(early.err.find("0 of 2 peers confirmed within 30 ms"), std::string::npos)
        << early.err;
    expect_error(cli({"wait", "-1", "0"}), "not -1");
    expect_error(cli({"wait", "soon", "0"}), "soon");
}

}  // namespace
}  // namespace kigumi
