#include "kigumi/replication/check.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "big_endian.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "row_record.hpp"
#include "schema.hpp"
#include "support/temp_directory.hpp"

namespace kigumi {
namespace {

using check::Kind;
using check::Problem;
using check::Report;
using kv::Table;

/// A store with rows of every type, and its tables laid open.
class Check : public testing::Test {
  protected:
    void SetUp() override {
        auto txn = store_->write().value();
        txn.reg("cart").assign("milk").value();
        static_cast<void>(txn.set("s").add("x").value());
        static_cast<void>(txn.set("s").add("gone").value());
        txn.counter("n").add(3).value();
        txn.map("m").reg(std::string(300, 'f')).assign(1).value();
        txn.commit().value();
        auto removal = store_->write().value();
        static_cast<void>(removal.set("s").erase("gone").value());
        removal.commit().value();
        ASSERT_TRUE(check::run(*store_)->sound());
    }

    template <class Edit>
    void edit(Edit edit) {
        auto txn = env_->begin_write().value();
        edit(*txn);
        txn->commit().value();
    }
    std::vector<std::pair<std::string, std::string>> all(Table table) {
        std::vector<std::pair<std::string, std::string>> items;
        auto txn = env_->begin_read().value();
        const auto cursor = txn->cursor(table).value();
        for (auto item = cursor->seek({}).value(); item; item = cursor->next().value())
            items.emplace_back(item->key, item->value);
        return items;
    }
    static std::string row_key(const RowKey& at) {
        return schema::bucket_prefix(1) + store_key(at).bytes;
    }
    Row row(const RowKey& at) { return store_->read()->get(at).value(); }
    /// Flips a bit of the stored row.
    void damage(const RowKey& at) {
        edit([&](kv::WriteTxn& txn) {
            std::string record(txn.get(Table::kRows, row_key(at)).value().value());
            record.back() = static_cast<char>(record.back() ^ 0x04);
            txn.put(Table::kRows, row_key(at), record).value();
        });
    }
    /// The log entry of the only write of a row.
    std::string log_key(const RowKey& at) {
        return schema::log_key(1, 0, row(at).begin()->dot.counter);
    }

    static std::vector<Kind> kinds(const Report& report) {
        std::vector<Kind> found;
        for (const Problem& problem : report.problems) found.push_back(problem.kind);
        return found;
    }
    /// Exactly this is found, again and again; repairing mends it, and nothing is left.
    void expect_mended(const std::vector<Kind>& expected) {
        EXPECT_EQ(kinds(check::run(*store_).value()), expected);
        EXPECT_FALSE(store_->read()->check_log());
        const Report repaired = check::repair(*store_, {}).value();
        EXPECT_EQ(kinds(repaired), expected);
        EXPECT_TRUE(repaired.sound());
        for (const Problem& problem : repaired.problems) EXPECT_TRUE(problem.repaired);
        EXPECT_EQ(check::run(*store_)->found, 0U);
        store_->read()->check_log().value();
    }
    /// Exactly this is found, and repairing without another source leaves it as it is.
    void expect_left(const std::vector<Kind>& expected) {
        const auto before = all(Table::kLog);
        const Report repaired = check::repair(*store_, {}).value();
        EXPECT_EQ(kinds(repaired), expected);
        EXPECT_EQ(repaired.repaired, 0U);
        EXPECT_EQ(kinds(check::run(*store_).value()), expected);
        EXPECT_EQ(all(Table::kLog), before);
    }
    /// A source of what the store holds now.
    check::Rows backup() {
        std::vector<KeyedRow> rows;
        store_->read()
            ->scan({},
                   [&rows](const RowKey& at, const Row& row) {
                       rows.push_back({at, row});
                       return true;
                   })
            .value();
        return [rows](std::string_view bucket, const auto& visit) -> Result<void> {
            if (bucket != kDefaultBucket) return {};
            for (const KeyedRow& keyed : rows) {
                KIGUMI_TRY(const bool more, visit(keyed));
                if (!more) break;
            }
            return {};
        };
    }

    const RowKey cart_{"cart", Type::kRegister, {}};
    std::shared_ptr<kv::MemoryEnv> env_ = std::make_shared<kv::MemoryEnv>();
    std::unique_ptr<Store> store_ = Store::over(env_).value();
};

TEST_F(Check, ASoundStoreHasNoProblems) {
    const Report report = check::repair(*store_, {}).value();
    EXPECT_TRUE(report.sound());
    EXPECT_EQ(report.looked_at, all(Table::kRows).size() + all(Table::kLog).size() + 1);
}

TEST_F(Check, EveryMissingLogEntryIsFoundAndMended) {
    const auto entries = all(Table::kLog);
    ASSERT_EQ(entries.size(), 5U);
    for (const auto& [key, place] : entries) {
        edit([&key = key](kv::WriteTxn& txn) { txn.erase(Table::kLog, key).value(); });
        expect_mended({Kind::kMissingLogEntry});
        EXPECT_EQ(all(Table::kLog), entries);
    }
}

TEST_F(Check, AllMissingLogEntriesAreFoundInOneRun) {
    const auto entries = all(Table::kLog);
    edit([&](kv::WriteTxn& txn) {
        for (const auto& [key, place] : entries) txn.erase(Table::kLog, key).value();
    });
    expect_mended(std::vector<Kind>(5, Kind::kMissingLogEntry));
    EXPECT_EQ(all(Table::kLog), entries);
}

TEST_F(Check, AnInventedLogEntryIsFoundAndErased) {
    const auto entries = all(Table::kLog);
    const std::string place = store_key(cart_).bytes;
    for (const std::string& key :
         {schema::log_key(1, 0, 1'000), schema::log_key(1, 7, 1), schema::log_key(1, 0, 0),
          schema::log_key(1, 0, 1) + "x", schema::bucket_prefix(1)}) {
        edit([&](kv::WriteTxn& txn) { txn.put(Table::kLog, key, place).value(); });
        expect_mended({Kind::kStrayLogEntry});
        EXPECT_EQ(all(Table::kLog), entries);
    }
    edit([&](kv::WriteTxn& txn) {
        txn.put(Table::kLog, schema::log_key(1, 0, 1'000), "no row's key").value();
    });
    expect_mended({Kind::kStrayLogEntry});
}

TEST_F(Check, ALogEntryThatNamesAnotherRowIsFoundFromBothEnds) {
    const std::string entry = log_key(cart_);
    edit([&](kv::WriteTxn& txn) {
        txn.put(Table::kLog, entry, store_key({"n", Type::kCounter, {}}).bytes).value();
    });
    EXPECT_EQ(kinds(check::run(*store_).value()),
              (std::vector{Kind::kMissingLogEntry, Kind::kStrayLogEntry}));
    // Mending the one mends the other.
    expect_mended({Kind::kMissingLogEntry, Kind::kStrayLogEntry});
}

TEST_F(Check, TheIndexOfRemovedRowsIsMended) {
    const auto removed = all(Table::kRemoved);
    ASSERT_EQ(removed.size(), 1U);
    edit([&](kv::WriteTxn& txn) { txn.erase(Table::kRemoved, removed[0].first).value(); });
    expect_mended({Kind::kMissingRemovedEntry});
    EXPECT_EQ(all(Table::kRemoved), removed);
    edit([&](kv::WriteTxn& txn) {
        txn.put(Table::kRemoved, row_key(cart_), {}).value();
        txn.put(Table::kRemoved, row_key({"none", Type::kFlag, {}}), {}).value();
    });
    expect_mended({Kind::kStrayRemovedEntry, Kind::kStrayRemovedEntry});
    EXPECT_EQ(all(Table::kRemoved), removed);
}

TEST_F(Check, ADamagedRecordIsNamedAndLeft) {
    damage(cart_);
    const Problem problem = check::run(*store_)->problems.at(0);
    EXPECT_EQ(problem.at, cart_);
    EXPECT_EQ(problem.bucket, kDefaultBucket);
    expect_left({Kind::kDamagedRecord});
}

TEST_F(Check, EveryFlippedBitOfARecordIsFound) {
    const auto rows = all(Table::kRows);
    for (const auto& [key, record] : rows) {
        for (std::size_t bit = 0; bit < 8 * record.size(); ++bit) {
            std::string bad = record;
            bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
            edit([&, &key = key](kv::WriteTxn& txn) { txn.put(Table::kRows, key, bad).value(); });
            EXPECT_EQ(kinds(check::run(*store_).value()), std::vector{Kind::kDamagedRecord})
                << "bit " << bit;
        }
        edit([&key = key, &record = record](kv::WriteTxn& txn) {
            txn.put(Table::kRows, key, record).value();
        });
    }
}

TEST_F(Check, DamagedAndLostRowsComeBackFromASource) {
    std::map<std::string, std::string> before;
    for (auto& [key, record] : all(Table::kRows)) before.emplace(key, record);
    const check::Rows source = backup();
    for (const auto& [key, record] : before) {
        const std::string bad = record.substr(0, record.size() - 1) + "!";
        edit([&, &key = key](kv::WriteTxn& txn) { txn.put(Table::kRows, key, bad).value(); });
    }
    EXPECT_EQ(check::run(*store_)->found, before.size());
    EXPECT_TRUE(check::repair(*store_, {source})->sound());
    edit([&](kv::WriteTxn& txn) {
        for (const auto& [key, record] : before) txn.erase(Table::kRows, key).value();
    });
    const Report report = check::repair(*store_, {source}).value();
    EXPECT_EQ(kinds(report), std::vector<Kind>(before.size(), Kind::kLostRow));
    EXPECT_TRUE(report.sound());
    EXPECT_TRUE(check::run(*store_)->sound());
    std::map<std::string, std::string> after;
    for (auto& [key, record] : all(Table::kRows)) after.emplace(key, record);
    EXPECT_EQ(after, before);
}

TEST_F(Check, ASourceThatIsOlderThanTheLogIsNotTaken) {
    const check::Rows old = backup();
    auto txn = store_->write().value();
    txn.reg("cart").assign("eggs").value();
    txn.commit().value();
    damage(cart_);
    const Report report = check::repair(*store_, {old}).value();
    EXPECT_EQ(kinds(report), std::vector{Kind::kDamagedRecord});
    EXPECT_FALSE(report.sound());
    EXPECT_FALSE(store_->read()->get(cart_)) << "an older value must not come back";
}

TEST_F(Check, ALostRowKeepsItsLogEntriesAndCanBeWrittenAgain) {
    const Dot dot = row(cart_).begin()->dot;
    edit([&](kv::WriteTxn& txn) { txn.erase(Table::kRows, row_key(cart_)).value(); });
    const Problem problem = check::run(*store_)->problems.at(0);
    EXPECT_EQ(problem.dot, dot);
    EXPECT_EQ(problem.at, cart_);
    expect_left({Kind::kLostRow});
    auto txn = store_->write().value();
    txn.reg("cart").assign("again").value();
    txn.commit().value();
    expect_mended({Kind::kStrayLogEntry});
    EXPECT_EQ(store_->read()->reg("cart").get().value(), Value("again"));
}

TEST_F(Check, AWriteBeyondTheVersionAndOneInTwoRowsAreFound) {
    edit([&](kv::WriteTxn& txn) {
        const std::string clock = schema::bucket_prefix(1) + std::string(4, '\0');
        std::string value(txn.get(Table::kClock, clock).value().value());
        --value[7];
        txn.put(Table::kClock, clock, value).value();
    });
    expect_left({Kind::kUncoveredWrite});
    // A row that bears the write of another one, under its own checksum.
    const Row copied = row(cart_);
    edit([&](kv::WriteTxn& txn) {
        OriginTable origins;
        origins.add(copied.begin()->dot.origin);
        GrowingOrigins growing(std::make_shared<OriginTable>(origins));
        const RowKey copy{"copy", Type::kRegister, {}};
        const StoreKey key = store_key(copy);
        txn.put(Table::kRows, row_key(copy),
                encode_record(key.bytes, key.shortened, copy, copied, growing))
            .value();
    });
    expect_left({Kind::kWriteInTwoRows, Kind::kUncoveredWrite});
}

TEST_F(Check, FurtherProblemsAreCountedOnly) {
    for (const auto& [key, place] : all(Table::kLog))
        edit([&key = key](kv::WriteTxn& txn) { txn.erase(Table::kLog, key).value(); });
    check::Options options;
    options.max_listed = 2;
    const Report report = check::run(*store_, options).value();
    EXPECT_EQ(report.problems.size(), 2U);
    EXPECT_EQ(report.found, 5U);
}

TEST_F(Check, OneBucketOrAllOfThem) {
    auto txn = store_->write("other").value();
    txn.reg("r").assign(1).value();
    txn.commit().value();
    edit([&](kv::WriteTxn& raw) { raw.erase(Table::kLog, schema::log_key(2, 0, 1)).value(); });
    check::Options options;
    options.bucket = kDefaultBucket;
    EXPECT_TRUE(check::run(*store_, options)->sound());
    const Report report = check::run(*store_).value();
    ASSERT_EQ(report.found, 1U);
    EXPECT_EQ(report.problems[0].bucket, "other");
    options.bucket = "none";
    EXPECT_EQ(check::run(*store_, options).error().code, ErrorCode::kNotFound);
}

TEST_F(Check, AFailedCommitIsAnErrorAndLeavesTheProblem) {
    const std::string entry = log_key(cart_);
    edit([&](kv::WriteTxn& txn) { txn.erase(Table::kLog, entry).value(); });
    env_->fail_commits(1);
    EXPECT_EQ(check::repair(*store_, {}).error().code, ErrorCode::kIo);
    expect_mended({Kind::kMissingLogEntry});
}

TEST(CheckWhileWriting, FindsNothing) {
    TempDirectory directory;
    const auto store = Store::open(directory.path()).value();
    std::atomic<bool> stop = false;
    std::thread writer([&] {
        for (int i = 0; !stop; ++i) {
            auto txn = store->write().value();
            for (int j = 0; j < 20; ++j) {
                const Value member((i * 7 + j) % 300);
                static_cast<void>(j % 3 == 0 ? txn.set("s").erase(member).value()
                                             : txn.set("s").add(member).value());
            }
            txn.counter("n").add(1).value();
            txn.commit().value();
            std::string cursor;
            auto snapshot = store->read().value();
            const auto places = snapshot.collectable(snapshot.version(), 50, cursor).value();
            auto collect = store->write().value();
            collect.collect(places, snapshot.version()).value();
            collect.commit().value();
        }
    });
    check::Options options;
    options.snapshot_ms = 0;  // a new one for every few rows
    std::uint64_t looked_at = 0;
    while (looked_at < 20'000 && !testing::Test::HasFailure()) {
        const Report report = check::repair(*store, {}, options).value();
        for (const Problem& problem : report.problems) ADD_FAILURE() << describe(problem);
        looked_at += report.looked_at;
    }
    stop = true;
    writer.join();
}

}  // namespace
}  // namespace kigumi
