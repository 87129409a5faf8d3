#include "cli/cli_run.hpp"
#include "kigumi/replication/kv.hpp"

namespace kigumi {
namespace {

using kv::Table;

class CheckCommand : public CliTest {
  protected:
    void SetUp() override {
        EXPECT_EQ(cli({"set", "a", "v"}).status, 0);
        EXPECT_EQ(cli({"sadd", "s", "milk"}).status, 0);
    }
    /// Does something to the tables behind the store's back.
    template <class Edit>
    void edit(Edit edit) const {
        const auto env = kv::open_lmdb(path("node")).value();
        const auto txn = env->begin_write().value();
        edit(*txn);
        txn->commit().value();
    }
    static std::string first_key(kv::ReadTxn& txn, Table table) {
        return std::string(txn.cursor(table).value()->seek({}).value()->key);
    }
    void lose_log_entry() const {
        edit(
            [](kv::WriteTxn& txn) { txn.erase(Table::kLog, first_key(txn, Table::kLog)).value(); });
    }
    void damage_first_row() const {
        edit([](kv::WriteTxn& txn) {
            const std::string key = first_key(txn, Table::kRows);
            std::string record(txn.get(Table::kRows, key).value().value());
            ++record.back();
            txn.put(Table::kRows, key, record).value();
        });
    }
    static void expect_shows(const Outcome& run, const std::string& part) {
        EXPECT_NE(run.out.find(part), std::string::npos) << run.out;
    }
};

TEST_F(CheckCommand, ASoundStoreIsStatusZero) {
    expect_prints(cli({"check"}), "4 rows and index entries, 0 problems\n");
    expect_prints(cli({"check", "--repair"}), "4 rows and index entries, 0 problems, 0 repaired\n");
    const Value report = json_of(cli_json({"check"}));
    EXPECT_EQ(member(report, "sound"), Value(true));
    EXPECT_EQ(member(report, "problems"), Value(Array()));
}

TEST_F(CheckCommand, AProblemIsNamedAndStatusOneUntilItIsRepaired) {
    lose_log_entry();
    const Outcome found = cli({"check"});
    EXPECT_EQ(found.status, 1);
    expect_shows(found, "bucket \"default\" key \"a\" register: the log has no entry for write ");
    expect_shows(found, "can be mended: kigumi check --repair\n");
    expect_shows(found, "1 problems\n");
    const Outcome again = cli_json({"check"});
    EXPECT_EQ(again.status, 1);
    const Value report = from_json(again.out).value();
    const Value problem = member(report, "problems").get_if<Array>()->at(0);
    EXPECT_EQ(member(problem, "problem"), Value("missing_log_entry"));
    EXPECT_EQ(member(problem, "key"), Value("a"));
    EXPECT_EQ(member(problem, "repaired"), Value(false));
    const Outcome repaired = cli({"check", "--repair"});
    EXPECT_EQ(repaired.status, 0);
    expect_shows(repaired, "; repaired\n");
    EXPECT_EQ(cli({"check"}).status, 0);
}

TEST_F(CheckCommand, AFloorAboveTheVersionIsNamedAndHealed) {
    edit([](kv::WriteTxn& txn) {
        const std::string key = first_key(txn, Table::kClock);
        // V, G and the horizon.
        std::string record(txn.get(Table::kClock, key).value().value());
        record.replace(8, 8, std::string(8, '\xFF'));
        txn.put(Table::kClock, key, record).value();
    });
    EXPECT_EQ(cli({"get", "a"}).status, 0) << "the store goes on";
    const Outcome found = cli({"check"});
    EXPECT_EQ(found.status, 1);
    expect_shows(found, "bucket \"default\": its floor or horizon names events up to ");
    expect_shows(found, ":18446744073709551615, which its version does not cover");
    expect_shows(found, "can be mended: kigumi check --repair\n");
    const Value problem =
        member(from_json(cli_json({"check"}).out).value(), "problems").get_if<Array>()->at(0);
    EXPECT_EQ(member(problem, "problem"), Value("floor_above_version"));
    const Outcome repaired = cli({"check", "--repair"});
    EXPECT_EQ(repaired.status, 0);
    expect_shows(repaired, "; repaired\n");
    EXPECT_EQ(cli({"check"}).status, 0);
}

TEST_F(CheckCommand, ADamagedRowNeedsAPeerOrABackup) {
    damage_first_row();
    const Outcome found = cli({"check", "--repair"});
    EXPECT_EQ(found.status, 1);
    expect_shows(found, "key \"a\" register: the row fails its checksum; needs a peer");
    expect_shows(found, "1 problems, 0 repaired\n");
    expect_prints(cli({"smembers", "s"}), "milk\n");
}

TEST_F(CheckCommand, ADamagedRowComesBackFromABundle) {
    const std::string before = path("before").string();
    const std::string after = path("after").string();
    EXPECT_EQ(cli({"export", before}).status, 0);
    EXPECT_EQ(cli({"set", "a", "w"}).status, 0);
    EXPECT_EQ(cli({"export", after}).status, 0);
    damage_first_row();
    expect_error(cli({"check", "--repair", path("none").string()}), "none");
    const Outcome old = cli({"check", "--repair", before});
    EXPECT_EQ(old.status, 1) << "an older value must not come back";
    expect_shows(old, "1 problems, 0 repaired\n");
    const Outcome repaired = cli({"check", "--repair", before, after});
    EXPECT_EQ(repaired.status, 0);
    expect_shows(repaired, "the row fails its checksum; repaired\n");
    expect_prints(cli({"get", "a"}), "w\n");
    EXPECT_EQ(cli({"check"}).status, 0);
}

TEST_F(CheckCommand, OneBucketOnly) {
    EXPECT_EQ(cli({"--bucket", "other", "set", "k", "v"}).status, 0);
    damage_first_row();
    EXPECT_EQ(cli({"--bucket", "other", "check"}).status, 0);
    EXPECT_EQ(cli({"--bucket", "default", "check"}).status, 1);
    expect_error(cli({"--bucket", "none", "check"}), "there is no bucket \"none\"");
}

TEST_F(CheckCommand, ErrorsAreStatusTwo) {
    expect_error(cli({"check", "--mend"}), "check takes no argument \"--mend\"");
    expect_error(cli_on("nowhere", {"check"}), "there is no data in");
}

}  // namespace
}  // namespace kigumi
