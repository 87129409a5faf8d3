#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>

#include "backup/source.hpp"
#include "kigumi/crdt/json.hpp"
#include "kigumi/daemon/drill.hpp"
#include "kigumi/replication/members.hpp"
#include "support/present_rows.hpp"
#include "target.hpp"

namespace kigumi::backup {
namespace {

class Restore : public testing::Test {
  protected:
    /// What a register of a restored store holds.
    static std::optional<Value> get(const std::filesystem::path& directory,
                                    const std::string& key) {
        const auto store = Store::open(directory).value();
        return store->read()->reg(key).get().value();
    }
    Error failure(std::optional<std::uint64_t> at_ms) {
        const auto report = source_.restore_at(at_ms, "failed");
        EXPECT_FALSE(report);
        // Nothing is left behind, half or whole.
        for (const auto& file : std::filesystem::directory_iterator(source_.path("")))
            EXPECT_EQ(file.path().filename().string().find("failed"), std::string::npos)
                << file.path();
        return report ? Error() : report.error();
    }

    Source source_;
};

TEST_F(Restore, GivesTheNewestBackupOrThatOfAMoment) {
    std::vector<std::uint64_t> times;
    for (int i = 0; i < 4; ++i) {
        source_.assign("r", i);
        times.push_back(source_.back_up(i == 2).entry.time_ms);
    }
    const auto newest = source_.restore_at({}, "newest").value();
    EXPECT_EQ(newest.bundles, 2U);
    EXPECT_FALSE(newest.undone);
    EXPECT_EQ(get(source_.path("newest"), "r"), Value(3));
    for (int i = 0; i < 4; ++i) {
        const std::string name = "at-" + std::to_string(i);
        EXPECT_FALSE(source_.restore_at(times[static_cast<std::size_t>(i)], name).value().undone);
        EXPECT_EQ(get(source_.path(name), "r"), Value(i));
    }
}

TEST_F(Restore, IsAReplicaOfItsOwn) {
    source_.assign("r", 1);
    source_.back_up();
    source_.restore_at({}, "restored").value();
    const auto store = Store::open(source_.path("restored")).value();
    EXPECT_NE(store->replica().value(), source_.store().replica().value());
    EXPECT_EQ(store->read()->version(), source_.store().read()->version());
    EXPECT_TRUE(store->backups().value().empty());
}

TEST_F(Restore, WantsAnEmptyPlace) {
    source_.assign("r", 1);
    source_.back_up();
    std::filesystem::create_directory(source_.path("empty"));
    source_.restore_at({}, "empty").value();
    EXPECT_EQ(get(source_.path("empty"), "r"), Value(1));
    const auto again = source_.restore_at({}, "empty");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(get(source_.path("empty"), "r"), Value(1));
}

TEST_F(Restore, AMomentThatNoBackupCoversIsAnErrorWithTheRange) {
    source_.assign("r", 1);
    const auto first = source_.back_up().entry.time_ms;
    const auto last = source_.back_up().entry.time_ms;
    for (const auto at_ms : {first - 1, last + 1}) {
        const Error error = failure(at_ms);
        EXPECT_EQ(error.code, ErrorCode::kNotFound);
        EXPECT_NE(error.message.find("2026-11-21T10:02:00.000Z to 2026-11-21T10:03:00.000Z"),
                  std::string::npos)
            << error.message;
    }
}

TEST_F(Restore, RefusesATornOrAlteredBundleByItsPlace) {
    source_.write([](auto& tx) {
        for (int i = 0; i < 500; ++i)
            tx.reg("key-" + std::to_string(i)).assign(std::to_string(i * 7'919)).value();
    });
    const Entry first = source_.back_up().entry;
    source_.assign("r", 1);
    const Entry second = source_.back_up().entry;
    const auto path = [&](const Entry& entry) { return source_.target() / entry.file; };
    for (const Entry& entry : {first, second}) {
        std::filesystem::copy_file(path(entry), source_.path("good"));
        std::fstream(path(entry), std::ios::in | std::ios::out | std::ios::binary)
            .seekp(static_cast<std::streamoff>(entry.bytes / 2))
            .put('\x5A');
        const Error altered = failure({});
        EXPECT_EQ(altered.code, ErrorCode::kCorrupt);
        EXPECT_NE(altered.message.find(entry.file), std::string::npos) << altered.message;
        EXPECT_NE(altered.message.find("offset"), std::string::npos) << altered.message;
        std::filesystem::resize_file(path(entry), entry.bytes - 10);
        const Error torn = failure({});
        EXPECT_NE(torn.message.find(entry.file), std::string::npos) << torn.message;
        EXPECT_NE(torn.message.find("byte " + std::to_string(entry.bytes - 10)), std::string::npos)
            << torn.message;
        std::filesystem::remove(path(entry));
        EXPECT_NE(failure({}).message.find(entry.file), std::string::npos);
        std::filesystem::rename(source_.path("good"), path(entry));
    }
    source_.restore_at({}, "restored").value();
}

TEST_F(Restore, RefusesAnotherBundleThatIsWholeToo) {
    source_.assign("r", 1);
    const Entry first = source_.back_up(true).entry;
    const Entry second = source_.back_up(true).entry;
    std::filesystem::copy_file(source_.target() / first.file, source_.target() / second.file,
                               std::filesystem::copy_options::overwrite_existing);
    Manifest manifest = source_.manifest();
    manifest.entries.back().bytes = first.bytes;
    files::replace_file(source_.target() / kManifestName, to_json(manifest)).value();
    EXPECT_NE(failure({}).message.find("another bundle"), std::string::npos);
}

TEST_F(Restore, ToAMomentUndoesWhatCameAfterIt) {
    source_.assign("untouched", 1);
    source_.assign("changed", 1);
    source_.assign("removed", 1);
    source_.write([](auto& tx) { tx.counter("n").add(5).value(); });
    source_.back_up();
    source_.assign("early", 2);
    const std::uint64_t moment = source_.now_ms;
    source_.assign("changed", 3);
    source_.assign("late", 3);
    source_.write([](auto& tx) { static_cast<void>(tx.reg("removed").erase().value()); });
    source_.write([](auto& tx) { tx.counter("n").add(100).value(); });
    source_.back_up();
    const auto report = source_.restore_at(moment, "restored").value();
    ASSERT_TRUE(report.undone);
    EXPECT_EQ(*report.undone, (Undone{4, 0, 0}));
    const auto store = Store::open(source_.path("restored")).value();
    auto txn = store->read().value();
    EXPECT_EQ(txn.reg("untouched").get().value(), Value(1));
    EXPECT_EQ(txn.reg("early").get().value(), Value(2));
    EXPECT_EQ(txn.reg("changed").get().value(), Value(1));
    EXPECT_EQ(txn.reg("removed").get().value(), Value(1));
    EXPECT_EQ(txn.reg("late").get().value(), std::nullopt);
    EXPECT_EQ(txn.counter("n").value().value(), 5);
    txn.check_log().value();
    // The history stays: whoever has only that takes the undoing over.
    EXPECT_TRUE(txn.version().covers(source_.store().read()->version()));
    EXPECT_GT(txn.version()[store->replica().value()], 0U);
}

TEST_F(Restore, TellsOfStatesThatNoBackupShows) {
    source_.assign("r", 1);
    source_.back_up();
    source_.assign("r", 2);
    const std::uint64_t moment = source_.now_ms;
    source_.assign("r", 3);
    source_.back_up();
    const auto report = source_.restore_at(moment, "restored").value();
    EXPECT_EQ(report.undone->uncertain, 1U);
    EXPECT_EQ(get(source_.path("restored"), "r"), Value(1)) << "that of the earlier backup";
}

TEST_F(Restore, ToAMomentMakesSiblingsTheOneThatReadersSaw) {
    // Another replica writes at the same time.
    Source other;
    for (Source* source : {&source_, &other}) {
        source->assign("r", source == &other ? "theirs" : "ours");
        if (source == &other) source->assign("r", "theirs, later");
        source->write([](auto& tx) { tx.counter("n").add(3).value(); });
    }
    bundle::write(other.store(), other.path("bundle")).value();
    bundle::import(source_.store(), {other.path("bundle")}).value();
    source_.back_up();
    const std::uint64_t moment = source_.now_ms + 1;
    source_.assign("r", "after");
    source_.write([](auto& tx) { tx.counter("n").reset().value(); });
    source_.back_up();
    EXPECT_EQ(source_.restore_at(moment, "restored").value().undone, (Undone{2, 0, 1}));
    EXPECT_EQ(get(source_.path("restored"), "r"), Value("theirs, later"));
    const auto store = Store::open(source_.path("restored")).value();
    EXPECT_EQ(store->read()->counter("n").value().value(), 6);
}

TEST_F(Restore, LeavesNoTraceInWhatIsNoTarget) {
    std::filesystem::create_directory(source_.path("target"));
    EXPECT_EQ(failure({}).code, ErrorCode::kNotFound);
    EXPECT_TRUE(std::filesystem::is_empty(source_.path("target")));
}

TEST_F(Restore, LeavesTheMembersAsTheyAre) {
    source_.assign("r", 1);
    source_.back_up();
    const std::uint64_t moment = source_.now_ms + 1;
    source_.now_ms += 60'000;
    const ReplicaId joined(ReplicaId::Bytes{9});
    members::put(source_.store(), joined, members::Standing::kMember).value();
    source_.back_up();
    EXPECT_EQ(source_.restore_at(moment, "restored").value().undone, Undone());
    const auto store = Store::open(source_.path("restored")).value();
    EXPECT_TRUE(members::list(*store).value().contains(joined));
}

class Drill : public Restore {
  protected:
    DrillReport drill() {
        std::filesystem::create_directory(source_.path("scratch"));
        auto report = backup::drill(source_.store(), {source_.target(), source_.path("scratch")});
        EXPECT_TRUE(std::filesystem::is_empty(source_.path("scratch")));
        return report.value();
    }
    /// What another backup would hold: the target's newest one, of another store.
    void expect_wrong(const std::string& what) {
        const DrillReport report = drill();
        EXPECT_FALSE(report.passed());
        ASSERT_EQ(report.differences.size(), 1U);
        EXPECT_NE(report.differences[0].find(what), std::string::npos) << report.differences[0];
    }
};

TEST_F(Drill, PassesWithWhatWasWrittenAndCollectedSince) {
    source_.write([](auto& tx) {
        for (int i = 0; i < 5; ++i) static_cast<void>(tx.set("s").add(Value(i)).value());
        tx.counter("n").add(5).value();
    });
    source_.assign("r", 1);
    const auto time_ms = source_.back_up().entry.time_ms;
    source_.assign("r", 2);
    source_.write([](auto& tx) {
        static_cast<void>(tx.set("s").erase(Value(1)).value());
        static_cast<void>(tx.set("s").erase(Value(2)).value());
        static_cast<void>(tx.set("s").add(Value(9)).value());
    });
    source_.collect(source_.store().read()->version());
    source_.write([](auto& tx) { tx.counter("n").reset().value(); });
    const DrillReport report = drill();
    EXPECT_TRUE(report.passed()) << report.differences[0];
    EXPECT_EQ(report.rows, 7U);
    EXPECT_EQ(report.changed_since, 4U);
    EXPECT_EQ(report.events_ahead, 5U);
    EXPECT_EQ(report.age_ms, source_.now_ms - time_ms);
}

TEST_F(Drill, OfARemovalThatTheBackupHoldsAndTheStoreHasCollected) {
    source_.write([](auto& tx) { static_cast<void>(tx.set("s").add("x").value()); });
    source_.write([](auto& tx) { static_cast<void>(tx.set("s").erase("x").value()); });
    source_.back_up();
    source_.collect(source_.store().read()->version());
    EXPECT_TRUE(drill().passed());
}

TEST_F(Drill, FindsARowThatWasLost) {
    source_.assign("r", 1);
    source_.assign("q", 1);
    source_.back_up();
    const VersionVector version = source_.store().read()->version();
    // A store whose version says that it has what it does not have.
    source_.write([&version](auto& tx) {
        tx.join_row({{"r", Type::kRegister, ""}, Row()}, version).value();
    });
    expect_wrong("register \"r\" [] is lost from the store");
}

TEST_F(Drill, FindsARowThatTheBackupLacks) {
    source_.assign("q", 1);
    const Write stray{{source_.store().replica().value(), 2}, Hlc::at_ms(5), Value(1)};
    source_.write([&stray](auto& tx) { tx.advance({{stray.dot.origin, 2}}, {}); });
    source_.back_up();
    source_.write([&stray](auto& tx) {
        Row row;
        row.insert(stray);
        tx.put({"r", Type::kRegister, ""}, Row(), row).value();
    });
    expect_wrong("register \"r\" [] is not in the backup");
}

/// Random writes of every type with backups in between, of which some are full.
class RestoreLaws : public testing::Test {};

workloads::Op an_op() { return *workloads::Everything::operations(); }

/// What readers are shown, row by row.
std::map<RowKey, std::string> shown(Store& store) {
    std::map<RowKey, std::string> all;
    for (const auto& [at, row] : present_rows(store)) {
        if (!present(at, row)) continue;
        const Type type = leaf_type(at);
        all[at] = type == Type::kCounter    ? std::to_string(count(row))
                  : type == Type::kRegister ? to_json(*last_write(row)->value())
                                            : "present";
    }
    return all;
}

RC_GTEST_PROP(RestoreLaws, EachBackupGivesExactlyItsRows, ()) {
    Source source;
    std::vector<std::pair<std::uint64_t, std::vector<KeyedRow>>> backups;
    const int steps = *rc::gen::inRange(2, 30);
    for (int i = 0; i <= steps; ++i) {
        const int kind = i == steps ? 0 : *rc::gen::inRange(0, 8);
        if (kind == 0) {
            const auto time_ms = source.back_up(*rc::gen::inRange(0, 4) == 0).entry.time_ms;
            backups.emplace_back(time_ms, present_rows(source.store()));
        } else if (kind == 1 && !backups.empty()) {
            // What the hold of the last backup lets go.
            source.collect(source.manifest().entries.back().versions["default"]);
        } else {
            source.write([](auto& tx) { workloads::Everything::apply(tx, an_op()); });
        }
    }
    for (std::size_t i = 0; i < backups.size(); ++i) {
        const std::string name = "restored-" + std::to_string(i);
        source.restore_at(backups[i].first, name).value();
        const auto store = Store::open(source.path(name)).value();
        RC_ASSERT(present_rows(*store) == backups[i].second);
        store->read()->check_log().value();
    }
}

RC_GTEST_PROP(RestoreLaws, AMomentReadsAsItDidUnlessSomethingIsUncertain, ()) {
    Source source;
    const auto writes = [&source](int most) {
        for (int i = *rc::gen::inRange(0, most); i > 0; --i)
            source.write([](auto& tx) { workloads::Everything::apply(tx, an_op()); });
    };
    writes(10);
    source.back_up();
    writes(3);
    const std::uint64_t moment = source.now_ms + 1;
    const auto then = shown(source.store());
    writes(10);
    source.back_up(*rc::gen::arbitrary<bool>());
    const auto report = source.restore_at(moment, "restored").value();
    const auto store = Store::open(source.path("restored")).value();
    store->read()->check_log().value();
    RC_TAG(report.undone->uncertain == 0 ? "certain" : "uncertain");
    RC_TAG(report.undone->rows == 0 ? "nothing undone" : "undone");
    if (report.undone->uncertain == 0) RC_ASSERT(shown(*store) == then);
}

/// Two replicas that write at the same time and hear of each other now and then.
class Pair {
  public:
    /// So many steps at most, of which some bring one's state to the other.
    void run(int most) {
        for (int i = *rc::gen::resize(100, rc::gen::inRange(0, most)); i > 0; --i) {
            const int kind = *rc::gen::resize(100, rc::gen::inRange(0, 12));
            Source& one = kind % 2 == 0 ? ours : theirs;
            Source& other = kind % 2 == 0 ? theirs : ours;
            ours.now_ms = theirs.now_ms = std::max(ours.now_ms, theirs.now_ms);
            if (kind < 2) {
                bring(other.store(), one.store());
            } else {
                one.write([](auto& tx) {
                    workloads::Everything::apply(
                        tx, *rc::gen::resize(100, workloads::Everything::operations()));
                });
            }
        }
        ours.now_ms = theirs.now_ms = std::max(ours.now_ms, theirs.now_ms);
    }
    /// A bundle of all that a replica holds.
    std::filesystem::path bundle(Store& of) {
        const auto file = ours.path("bundle-" + std::to_string(++bundles_));
        bundle::write(of, file).value();
        return file;
    }
    void bring(Store& from, Store& to) { bundle::import(to, {bundle(from)}).value(); }

    Source ours;
    Source theirs;

  private:
    int bundles_ = 0;
};

RC_GTEST_PROP(RestoreLaws, AMomentHoldsWhatAllReplicasHadWrittenByThen, ()) {
    Pair pair;
    pair.run(60);
    pair.ours.back_up();
    pair.run(5);
    const std::uint64_t moment = std::max(pair.ours.now_ms, pair.theirs.now_ms) + 1;
    Source then;
    pair.bring(pair.ours.store(), then.store());
    const auto their_part = pair.bundle(pair.theirs.store());
    bundle::import(then.store(), {their_part}).value();
    // It arrives afterwards, with the times that it bears.
    bundle::import(pair.ours.store(), {their_part}).value();
    pair.run(20);
    pair.ours.back_up(*rc::gen::arbitrary<bool>());
    const auto report = pair.ours.restore_at(moment, "restored").value();
    const auto store = Store::open(pair.ours.path("restored")).value();
    RC_TAG(report.undone->uncertain == 0 ? "certain" : "uncertain");
    RC_TAG(report.undone->siblings == 0 ? "no siblings" : "siblings");
    if (report.undone->uncertain == 0) RC_ASSERT(shown(*store) == shown(then.store()));
}

}  // namespace
}  // namespace kigumi::backup
