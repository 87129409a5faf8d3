#include <gtest/gtest.h>

#include "big_endian.hpp"
#include "kigumi/replication/bundle.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "row_record.hpp"
#include "schema.hpp"
#include "support/clock_generators.hpp"
#include "support/temp_directory.hpp"

namespace kigumi {
namespace {

constexpr std::size_t kAll = ~std::size_t{0};

RowKey reg(const std::string& key) { return {key, Type::kRegister, {}}; }

/// What a peer has: register `key` holds its write `counter`.
KeyedRow theirs(const std::string& key, std::uint64_t counter) {
    Row row;
    row.insert({{replica(9), counter}, Hlc::at_ms(counter), Value(key)});
    return {reg(key), row};
}

class Folding : public testing::Test {
  protected:
    Folding() {
        StoreOptions options;
        options.wall_ms = [] { return std::uint64_t{1'000}; };
        store_ = Store::over(env_, options).value();
    }
    /// Rows of the peer that have come one by one.
    void join(const std::vector<KeyedRow>& rows, std::uint64_t upto) {
        auto tx = store_->write().value();
        for (const KeyedRow& row : rows) tx.join_row(row, {{replica(9), upto}}).value();
        tx.advance({{replica(9), upto}}, {});
        tx.commit().value();
    }
    void lay_over(const std::vector<KeyedRow>& rows, std::uint64_t upto, bool full) {
        auto tx = store_->write().value();
        for (const KeyedRow& row : rows) tx.stage(row).value();
        tx.lay_over({{replica(9), upto}}, {}, full, Hlc::at_ms(upto)).value();
        tx.commit().value();
    }
    std::vector<std::string> keys() {
        std::vector<std::string> all;
        store_->read()
            ->scan({}, [&all](const RowKey& at, const Row&) { return all.push_back(at.key), true; })
            .value();
        return all;
    }
    void fold_all() {
        while (!store_->fold(kDefaultBucket, 1, kAll).value()) store_->read()->check_log().value();
        store_->read()->check_log().value();
    }
    static std::string place(const std::string& key) {
        return schema::bucket_prefix(1) + store_key(reg(key)).bytes;
    }
    void damage(kv::Table table, const std::string& key) {
        auto tx = env_->begin_write().value();
        std::string record(tx->get(table, place(key)).value().value());
        ++record.back();
        tx->put(table, place(key), record).value();
        tx->commit().value();
    }
    std::uint32_t format() {
        auto tx = env_->begin_read().value();
        return read_u32(tx->get(kv::Table::kMeta, "format").value().value());
    }
    std::set<Dot> logged() {
        std::set<Dot> dots;
        std::string cursor;
        store_->read()
            ->each_log_entry(cursor, kAll,
                             [&](const Dot& dot, std::string_view) { dots.insert(dot); })
            .value();
        return dots;
    }

    std::shared_ptr<kv::MemoryEnv> env_ = std::make_shared<kv::MemoryEnv>();
    std::unique_ptr<Store> store_;
};

TEST_F(Folding, RowsShowBeforeTheyAreFolded) {
    join({theirs("a", 1), theirs("b", 2)}, 2);
    lay_over({theirs("b", 4), theirs("c", 3)}, 4, false);
    EXPECT_TRUE(store_->read()->folding());
    for (int step = 0; step < 4; ++step) {
        auto now = store_->read().value();
        EXPECT_EQ(now.version(), (VersionVector{{replica(9), 4}}));
        EXPECT_EQ(keys(), (std::vector<std::string>{"a", "b", "c"}));
        EXPECT_EQ(now.get(reg("b")).value(), theirs("b", 4).row);
        EXPECT_EQ(now.count_rows().value(), 3U);
        static_cast<void>(store_->fold(kDefaultBucket, 1, kAll).value());
    }
    EXPECT_FALSE(store_->read()->folding());
    store_->read()->check_log().value();
}

TEST_F(Folding, RowsThatAFullAnswerLacksAreGoneAtOnce) {
    join({theirs("gone", 1), theirs("kept", 2)}, 2);
    {
        auto tx = store_->write().value();
        tx.reg("own").assign(1).value();
        tx.commit().value();
    }
    lay_over({theirs("kept", 2), theirs("new", 3)}, 3, true);
    EXPECT_EQ(keys(), (std::vector<std::string>{"kept", "new", "own"}));
    // Removals may be among what went.
    EXPECT_TRUE(store_->read()->horizon().covers({{replica(9), 2}}));
    fold_all();
    EXPECT_EQ(keys(), (std::vector<std::string>{"kept", "new", "own"}));
}

TEST_F(Folding, AWriteFoldsItsRowFirst) {
    for (const bool full : {false, true}) {
        join({theirs("a", 1), theirs("z", 2)}, 2);
        lay_over({theirs("a", 3), theirs("z", 4)}, 4, full);
        auto tx = store_->write().value();
        tx.reg("a").assign("over theirs").value();
        tx.reg("z").erase().value();
        tx.commit().value();
        const auto check = [&] {
            auto now = store_->read().value();
            now.check_log().value();
            EXPECT_EQ(now.get(reg("a")).value().size(), 1U);
            EXPECT_EQ(now.reg("a").get().value().value(), Value("over theirs"));
            EXPECT_EQ(now.reg("z").get().value(), std::nullopt);
        };
        check();
        fold_all();
        check();
    }
}

TEST_F(Folding, AWriteThatASentRowKeepsSurvivesTheFold) {
    join({theirs("a", 1)}, 1);
    Row both = theirs("a", 1).row;
    both.insert({{replica(9), 2}, Hlc::at_ms(2), Value("beside")});
    lay_over({{reg("a"), both}}, 2, true);
    {
        // A write that keeps what it finds: another one's contribution beside the own.
        auto tx = store_->write().value();
        Row row = both;
        row.insert({tx.next_dot(), tx.now(), Value("ours")});
        tx.put(reg("a"), both, row).value();
        tx.commit().value();
    }
    fold_all();
    EXPECT_EQ(store_->read()->get(reg("a")).value().size(), 3U);
}

TEST_F(Folding, OnePullAtATime) {
    lay_over({theirs("a", 1)}, 1, false);
    auto tx = store_->write().value();
    EXPECT_EQ(tx.stage(theirs("b", 2)).error().code, ErrorCode::kBusy);
    EXPECT_EQ(tx.clear_staged(1).error().code, ErrorCode::kBusy);
    EXPECT_EQ(tx.lay_over({}, {}, false, {}).error().code, ErrorCode::kBusy);
}

TEST_F(Folding, VersionsThatWouldMissRowsRefuseTheStoreMeanwhile) {
    join({theirs("a", 1)}, 1);
    EXPECT_EQ(format(), 1U);
    lay_over({theirs("b", 2)}, 2, false);
    EXPECT_EQ(format(), 2U);
    fold_all();
    EXPECT_EQ(format(), 1U);
}

TEST_F(Folding, TheLogIsWholeOutsideOfWhatIsFoldedIn) {
    join({theirs("a", 1), theirs("b", 2)}, 2);
    lay_over({theirs("b", 4), theirs("c", 3)}, 4, false);
    auto now = store_->read().value();
    EXPECT_TRUE(now.indexed({}, {{replica(9), 2}}));
    EXPECT_FALSE(now.indexed({{replica(9), 2}}, {{replica(9), 4}}));
    EXPECT_TRUE(now.indexed({{replica(9), 4}}, {{replica(9), 9}, {replica(1), 9}}));
    EXPECT_EQ(now.indexed_from({{replica(1), 1}}),
              (VersionVector{{replica(1), 1}, {replica(9), 4}}));
    // The write that was replaced in `b` does not show.
    std::vector<std::string> found;
    now.scan_log(
           replica(9), 0, 2,
           [&](std::uint64_t, const KeyedRow& row) { return found.push_back(row.at.key), true; })
        .value();
    EXPECT_EQ(found, std::vector<std::string>{"a"});
}

TEST_F(Folding, ADamagedRowIsMendedIfAllOfItWasSent) {
    join({theirs("a", 1), theirs("b", 2)}, 2);
    damage(kv::Table::kRows, "a");
    damage(kv::Table::kRows, "b");
    lay_over({theirs("a", 1), theirs("b", 3)}, 3, false);
    while (!store_->fold(kDefaultBucket, 1, kAll).value()) continue;
    store_->read()->check_log().value();
    EXPECT_EQ(store_->read()->get(reg("a")).value(), theirs("a", 1).row);
    EXPECT_EQ(store_->read()->get(reg("b")).value(), theirs("b", 3).row);
}

TEST_F(Folding, ADamagedRowWithWritesThatWereNotSentStaysDamaged) {
    Dot own;
    {
        auto tx = store_->write().value();
        tx.reg("a").assign(1).value();
        own = {tx.self(), 1};
        tx.commit().value();
    }
    damage(kv::Table::kRows, "a");
    lay_over({theirs("a", 1)}, 1, false);
    while (!store_->fold(kDefaultBucket, 1, kAll).value()) continue;
    EXPECT_EQ(store_->read()->get(reg("a")).error().code, ErrorCode::kCorrupt);
    // Who mends it has to have seen both.
    EXPECT_EQ(logged(), (std::set<Dot>{own, {replica(9), 1}}));
}

TEST_F(Folding, ADamagedStagedRowStandsAsADamagedRow) {
    lay_over({theirs("a", 1), theirs("b", 2)}, 2, false);
    damage(kv::Table::kStaging, "a");
    while (!store_->fold(kDefaultBucket, 1, kAll).value()) continue;
    EXPECT_EQ(store_->read()->get(reg("a")).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(store_->read()->get(reg("b")).value(), theirs("b", 2).row);
}

TEST_F(Folding, ALiarsWriteInTwoRowsStaysInOne) {
    lay_over({theirs("a", 1), theirs("b", 1)}, 1, false);
    fold_all();
    EXPECT_EQ(keys(), std::vector<std::string>{"a"});
}

TEST_F(Folding, CollectionWaits) {
    Row removed;
    removed.insert({{replica(9), 1}, Hlc::at_ms(1), Removed{}});
    join({{reg("a"), removed}}, 1);
    lay_over({theirs("b", 2)}, 2, false);
    std::string cursor;
    const VersionVector stable{{replica(9), 2}};
    EXPECT_TRUE(store_->read()->collectable(stable, kAll, cursor)->empty());
    fold_all();
    EXPECT_EQ(store_->read()->collectable(stable, kAll, cursor)->size(), 1U);
}

TEST_F(Folding, ABundleIsWrittenOfFoldedRows) {
    const TempDirectory directory;
    join({theirs("a", 1)}, 1);
    lay_over({theirs("a", 2), theirs("b", 3)}, 3, false);
    bundle::write(*store_, directory.path() / "bundle").value();
    EXPECT_FALSE(store_->read()->folding());
    const auto copy = Store::open(directory.path() / "copy").value();
    bundle::import(*copy, {directory.path() / "bundle"}).value();
    EXPECT_EQ(copy->read()->get(reg("b")).value(), theirs("b", 3).row);
}

}  // namespace
}  // namespace kigumi
