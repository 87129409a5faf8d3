#include <fstream>
#include <thread>

#include "cli/cli_run.hpp"

namespace kigumi {
namespace {

class BackupCommands : public CliTest {
  protected:
    std::string target() const { return path("target").string(); }
    Outcome back_up(std::vector<std::string> flags = {}) const {
        flags.insert(flags.begin(), {"backup", target()});
        return cli(std::move(flags));
    }
    /// The backups of `--list`, as JSON.
    std::vector<Value> listed() const {
        const Value backups =
            member(json_of(run_kigumi({"--json", "backup", target(), "--list"})), "backups");
        return backups.get_if<Array>() == nullptr ? Array() : *backups.get_if<Array>();
    }
    /// A moment that is later than all before and earlier than all behind.
    static std::string a_moment() {
        const auto pause = [] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); };
        pause();
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        pause();
        return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    }
    static void expect_line(const Outcome& run, const std::string& line) {
        EXPECT_NE(("\n" + run.out).find("\n" + line), std::string::npos) << run.out << run.err;
    }
};

TEST_F(BackupCommands, BackUpListVerifyAndRestore) {
    EXPECT_EQ(cli({"set", "a", "1"}).status, 0);
    expect_line(back_up(), "backup   1, full: it is the first\n");
    EXPECT_EQ(cli({"set", "b", "2"}).status, 0);
    expect_line(back_up({"--verify"}), "backup   2, incremental on 1\n");
    expect_line(back_up({"--full", "--keep", "2"}), "backup   3, full: it was asked for\n");
    const Outcome list = run_kigumi({"backup", target(), "--list"});
    EXPECT_EQ(std::count(list.out.begin(), list.out.end(), '\n'), 4) << list.out;
    EXPECT_NE(list.out.find("incremental on 1"), std::string::npos) << list.out;
    const auto backups = listed();
    ASSERT_EQ(backups.size(), 3U) << "the second builds on the first";
    EXPECT_EQ(member(backups[1], "previous"), Value(1));
    EXPECT_EQ(member(backups[1], "rows"), Value(1));
    expect_prints(run_kigumi({"verify", target()}), "3 backups, all whole\n");
    EXPECT_EQ(cli_on("restored", {"restore", target()}).status, 0);
    EXPECT_EQ(cli_on("restored", {"dump"}).out, cli({"dump"}).out);
    EXPECT_EQ(member(json_of(cli_json({"backup", target(), "--keep", "1"})), "dropped"), Value(2));
    EXPECT_EQ(listed().size(), 2U);
}

TEST_F(BackupCommands, RestoreAsOfAMoment) {
    EXPECT_EQ(cli({"set", "a", "1"}).status, 0);
    EXPECT_EQ(cli({"incr", "n", "5"}).status, 0);
    EXPECT_EQ(back_up().status, 0);
    EXPECT_EQ(cli({"sadd", "s", "early"}).status, 0);
    const std::string moment = a_moment();
    EXPECT_EQ(cli({"set", "a", "2"}).status, 0);
    EXPECT_EQ(cli({"incr", "n", "9"}).status, 0);
    EXPECT_EQ(cli({"sadd", "s", "late"}).status, 0);
    EXPECT_EQ(back_up().status, 0);
    const Outcome restored = cli_on("restored", {"restore", target(), "--at", moment});
    expect_line(restored, "undone   3 rows");
    expect_line(restored, "unsure   at most 0 of these");
    expect_prints(cli_on("restored", {"get", "a"}), "1\n");
    expect_prints(cli_on("restored", {"count", "n"}), "5\n");
    expect_prints(cli_on("restored", {"smembers", "s"}), "early\n");
    const std::string exact = *member(listed()[1], "time").get_if<std::string>();
    expect_line(cli_on("exact", {"restore", target(), "--at", exact}), "exact    ");
    expect_prints(cli_on("exact", {"get", "a"}), "2\n");
}

TEST_F(BackupCommands, DrillComparesAndFailsLoudly) {
    EXPECT_EQ(cli({"sadd", "s", "x", "y"}).status, 0);
    EXPECT_EQ(back_up().status, 0);
    EXPECT_EQ(cli({"sadd", "s", "z"}).status, 0);
    const Value report = json_of(cli_json({"drill", target()}));
    EXPECT_EQ(member(report, "passed"), Value(true));
    EXPECT_EQ(member(report, "rows"), Value(2));
    EXPECT_EQ(member(report, "rpo_events"), Value(1));
    std::filesystem::create_directory(path("scratch"));
    expect_line(cli({"drill", target(), "--scratch", path("scratch").string()}), "passed\n");
    EXPECT_TRUE(std::filesystem::is_empty(path("scratch")));
    // Another node lacks what the backup has.
    EXPECT_EQ(cli_on("other", {"set", "a", "1"}).status, 0);
    const Outcome failed = cli_on("other", {"drill", target()});
    EXPECT_EQ(failed.status, 1);
    expect_line(failed, "WRONG    bucket default: the store lacks writes");
    expect_line(failed, "FAILED\n");
}

TEST_F(BackupCommands, StatusTellsOfThem) {
    EXPECT_EQ(cli({"sadd", "s", "x"}).status, 0);
    const auto backup_of = [this] {
        const Value backups = member(json_of(cli_json({"status"})), "backups");
        const auto* list = backups.get_if<Array>();
        EXPECT_TRUE(list != nullptr && list->size() == 1);
        return list == nullptr || list->empty() ? Value() : list->front();
    };
    const std::string nowhere = path("no").string() + "/target";
    EXPECT_EQ(cli({"backup", nowhere}).status, 2);
    EXPECT_EQ(member(backup_of(), "failing"), Value(true));
    expect_line(cli({"status"}), "backup   " + nowhere + ", none yet; FAILED at ");
    EXPECT_EQ(cli({"backup", nowhere, "--forget"}).status, 0);
    expect_error(cli({"backup", nowhere, "--forget"}), "nothing is known");
    EXPECT_EQ(back_up().status, 0);
    EXPECT_EQ(member(backup_of(), "path"), Value(target()));
    EXPECT_EQ(member(backup_of(), "failing"), Value(false));
    EXPECT_EQ(member(backup_of(), "full"), Value(true));
    EXPECT_EQ(member(backup_of(), "next"), Value());
    expect_line(cli({"status"}), "backup   " + target() + ", full of ");
    EXPECT_EQ(member(json_of(cli_json({"status"})), "collection_waits_for_backups"),
              Value(Array()));
    EXPECT_EQ(cli({"srem", "s", "x"}).status, 0);
    EXPECT_EQ(member(json_of(cli_json({"status"})), "collection_waits_for_backups"),
              Value(Array{Value(target())}));
    expect_line(cli({"status"}), "waits    for the next backup to " + target());
}

TEST_F(BackupCommands, SayWhatIsWrong) {
    expect_error(back_up(), "there is no data");
    EXPECT_EQ(cli({"set", "a", "1"}).status, 0);
    expect_error(cli({"backup", "--full"}), "name the backup target");
    expect_error(back_up({"--fully"}), "there is no option \"--fully\"");
    expect_error(back_up({"elsewhere"}), "one argument too many");
    expect_error(back_up({"--keep"}), "--keep wants a value");
    expect_error(back_up({"--keep", "0"}), "from 1 up");
    expect_error(back_up({"--keep-days", "x"}), "whole number");
    expect_error(run_kigumi({"backup", target()}), "--data DIR");
    expect_error(run_kigumi({"backup", target(), "--list"}), "there are no backups in");
    expect_error(run_kigumi({"verify", target()}), "there are no backups in");
    EXPECT_FALSE(std::filesystem::exists(target()));
    EXPECT_EQ(back_up().status, 0);
    expect_error(run_kigumi({"restore", target()}), "--data DIR");
    expect_error(cli({"restore", target()}), "is in use");
    expect_error(cli_on("new", {"restore", target(), "--at", "noon"}), "is no time");
    expect_error(cli_on("new", {"restore", target(), "--at", "5"}), "outside of what the backups");
    EXPECT_FALSE(std::filesystem::exists(path("new")));
}

TEST_F(BackupCommands, ABundleThatWasAlteredIsNamedWithThePlace) {
    EXPECT_EQ(cli({"set", "a", "1"}).status, 0);
    EXPECT_EQ(back_up().status, 0);
    const std::string file = "backup-00000001-full.bundle";
    std::fstream(path("target") / file, std::ios::in | std::ios::out | std::ios::binary)
        .seekp(60)
        .put('\x5A');
    const Outcome verified = run_kigumi({"verify", target()});
    EXPECT_EQ(verified.status, 1);
    EXPECT_NE(verified.out.find(file), std::string::npos) << verified.out;
    const Value problems = member(
        [&] {
            Outcome run = run_kigumi({"--json", "verify", target()});
            EXPECT_EQ(run.status, 1);
            run.status = 0;
            return json_of(run);
        }(),
        "problems");
    ASSERT_NE(problems.get_if<Array>(), nullptr);
    EXPECT_EQ(problems.get_if<Array>()->size(), 1U);
    expect_error(cli_on("restored", {"restore", target()}), "offset");
    EXPECT_FALSE(std::filesystem::exists(path("restored")));
}

}  // namespace
}  // namespace kigumi
