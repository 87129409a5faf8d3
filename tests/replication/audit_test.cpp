#include "protocol/audit.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "kigumi/replication/memory_env.hpp"
#include "row_record.hpp"
#include "schema.hpp"

namespace kigumi {
namespace {

constexpr audit::Limits kLimits{100, 100'000};
const std::string kBucket(kDefaultBucket);

/// A replica, and both ends of an audit.
class Replica {
  public:
    template <class Change>
    void write(Change change) {
        auto tx = store_->write().value();
        change(tx);
        tx.commit().value();
    }
    ReadTransaction read() { return store_->read().value(); }
    /// Joins all that another has, as a pull does.
    void pull(Replica& from) {
        auto theirs = from.read();
        std::vector<KeyedRow> rows;
        theirs
            .scan({},
                  [&](const RowKey& at, const Row& row) {
                      rows.push_back({at, row});
                      return true;
                  })
            .value();
        write([&](WriteTransaction& tx) {
            for (const KeyedRow& row : rows) tx.join_row(row, theirs.version()).value();
            tx.drop_unsent(theirs.version(), [&](const RowKey& at) {
                  return Result<bool>(std::any_of(rows.begin(), rows.end(),
                                                  [&at](const auto& row) { return row.at == at; }));
              }).value();
            tx.advance(theirs.version(), theirs.floor());
        });
    }
    void lose(const RowKey& at) {
        const Row row = read().get(at).value();
        write([&](WriteTransaction& tx) { tx.put(at, row, Row()).value(); });
    }
    void collect() {
        std::string cursor;
        const VersionVector stable = read().version();
        const auto places = read().collectable(stable, 100, cursor).value();
        write([&](WriteTransaction& tx) { tx.collect(places, stable).value(); });
    }
    void damage(const RowKey& at) {
        auto tx = env_->begin_write().value();
        const std::string key = schema::bucket_prefix(1) + store_key(at).bytes;
        std::string record(tx->get(kv::Table::kRows, key).value().value());
        ++record.back();
        tx->put(kv::Table::kRows, key, record).value();
        tx->commit().value();
    }
    std::uint64_t hash() {
        auto snapshot = read();
        return audit::digest(snapshot, {}, kLimits)->hash;
    }
    /// What it answers to an audit of everything.
    audit::Theirs told() {
        auto snapshot = read();
        const audit::Rows rows = audit::rows(snapshot, {}, kLimits, 100'000).value();
        audit::Theirs theirs{
            {}, snapshot.version(), snapshot.floor(), {rows.damaged.begin(), rows.damaged.end()}};
        audit::unpack(rows.batch, {}, theirs).value();
        return theirs;
    }
    Result<audit::Outcome> try_settle(const audit::Theirs& theirs) {
        return audit::settle(*store_, kBucket, {}, true, theirs);
    }
    audit::Outcome settle(const audit::Theirs& theirs) {
        const VersionVector before = read().version();
        auto outcome = try_settle(theirs).value();
        EXPECT_EQ(read().version(), before) << "an audit never moves V";
        return outcome;
    }
    void expect_sound() { read().check_log().value(); }

  private:
    std::shared_ptr<kv::MemoryEnv> env_ = std::make_shared<kv::MemoryEnv>();
    std::unique_ptr<Store> store_ = Store::over(env_).value();
};

class AuditRules : public testing::Test {
  protected:
    void SetUp() override {
        a_.write([](auto& tx) { tx.reg("r").assign("first").value(); });
        a_.write([](auto& tx) { tx.counter("n").add(5).value(); });
        b_.pull(a_);
        b_.write([](auto& tx) { static_cast<void>(tx.set("s").add("x").value()); });
        a_.pull(b_);
    }
    /// Settles both ways and demands that both are the same afterwards.
    void settle_both() {
        a_.settle(b_.told());
        b_.settle(a_.told());
        EXPECT_EQ(a_.hash(), b_.hash());
        a_.expect_sound();
        b_.expect_sound();
    }

    const RowKey r_{"r", Type::kRegister, {}};
    Replica a_;
    Replica b_;
};

TEST_F(AuditRules, EqualReplicasHashEquallyWhateverTheirNumbersOfOrigins) {
    EXPECT_EQ(a_.hash(), b_.hash());
    EXPECT_TRUE(a_.settle(b_.told()).differences.empty());
}

TEST_F(AuditRules, ALostRowComesBackFromEitherSide) {
    a_.lose(r_);
    EXPECT_NE(a_.hash(), b_.hash());
    const audit::Outcome taken = a_.settle(b_.told());
    ASSERT_EQ(taken.differences.size(), 1U);
    EXPECT_EQ(taken.differences[0].at, r_);
    EXPECT_EQ(taken.differences[0].taken, 1U);
    EXPECT_FALSE(taken.differences[0].lacking);
    b_.lose(r_);
    const audit::Outcome given = a_.settle(b_.told());
    ASSERT_EQ(given.differences.size(), 1U);
    EXPECT_EQ(given.differences[0].taken, 0U);
    EXPECT_TRUE(given.differences[0].lacking);
    settle_both();
    EXPECT_EQ(b_.read().reg("r").get().value(), Value("first"));
}

TEST_F(AuditRules, WhatDiffersBecauseVersionsDoIsLeftAlone) {
    const audit::Theirs old = b_.told();
    a_.write([](auto& tx) { tx.reg("r").assign("second").value(); });
    a_.write([](auto& tx) { static_cast<void>(tx.set("s").erase("x").value()); });
    const std::uint64_t before = a_.hash();
    EXPECT_TRUE(a_.settle(old).differences.empty()) << "or what was replaced would come back";
    EXPECT_TRUE(b_.settle(a_.told()).differences.empty()) << "or V would be passed by";
    EXPECT_EQ(a_.hash(), before);
    EXPECT_EQ(b_.read().reg("r").get().value(), Value("first"));
}

TEST_F(AuditRules, WhatWasCollectedDoesNotComeBack) {
    // To `old`, and to b, nothing tells of the removal any more.
    const audit::Theirs old = b_.told();
    a_.write([](auto& tx) { static_cast<void>(tx.set("s").erase("x").value()); });
    const audit::Theirs removed = a_.told();
    a_.collect();
    EXPECT_TRUE(a_.settle(old).differences.empty());
    EXPECT_TRUE(b_.settle(a_.told()).differences.empty());
    EXPECT_TRUE(a_.settle(removed).differences.empty()) << "rows of removals only do not count";
    EXPECT_EQ(a_.read().set("s").size().value(), 0U);
}

TEST_F(AuditRules, ARemovalBesideAValueIsSettled) {
    a_.write([](auto& tx) { tx.reg("r").assign("kept").value(); });
    b_.write([](auto& tx) { static_cast<void>(tx.erase("r", Type::kRegister).value()); });
    a_.pull(b_);
    b_.pull(a_);
    ASSERT_EQ(a_.read().get(r_)->size(), 2U);
    // As if b had been without the removal, which somebody had collected.
    const Row both = b_.read().get(r_).value();
    Row value = both;
    for (const Write& write : both)
        if (write.removed()) value.erase(write.dot);
    b_.write([&](WriteTransaction& tx) { tx.put(r_, both, value).value(); });
    settle_both();
    EXPECT_EQ(b_.read().get(r_).value(), both);
}

TEST_F(AuditRules, ADamagedRowIsOverwrittenByWhoHasSeenAllThatWasInIt) {
    const Row before = a_.read().get(r_).value();
    a_.damage(r_);
    EXPECT_NE(a_.hash(), b_.hash());
    EXPECT_EQ(a_.settle(b_.told()).differences.size(), 1U);
    EXPECT_EQ(a_.read().get(r_).value(), before);
    // The other way: the peer names the place, and is given the row.
    b_.damage(r_);
    EXPECT_EQ(a_.settle(b_.told()).damaged_there, std::vector{r_});
    settle_both();
    a_.write([](auto& tx) { tx.reg("r").assign("second").value(); });
    a_.damage(r_);
    EXPECT_TRUE(a_.settle(b_.told()).differences.empty()) << "the peer has an older value only";
    EXPECT_FALSE(a_.read().get(r_));
}

TEST_F(AuditRules, ADamagedRowThatWasWrittenElsewhereMeanwhileIsMadeRoomFor) {
    b_.write([](auto& tx) { tx.reg("r").assign("second").value(); });
    a_.damage(r_);
    EXPECT_THROW(a_.pull(b_), ResultError) << "the join has to know what was there";
    EXPECT_EQ(a_.settle(b_.told()).differences.size(), 1U);
    a_.expect_sound();
    EXPECT_TRUE(a_.read().get(r_)->empty()) << "a write beyond V must not show before V does";
    a_.pull(b_);
    EXPECT_EQ(a_.read().reg("r").get().value(), Value("second"));
    settle_both();
}

TEST_F(AuditRules, OfTwoContributionsOfOneOriginTheLaterStays) {
    const RowKey n{"n", Type::kCounter, {}};
    const Row old = a_.read().get(n).value();
    a_.write([](auto& tx) { tx.counter("n").add(2).value(); });
    b_.pull(a_);
    const Row last = b_.read().get(n).value();
    b_.write([&](WriteTransaction& tx) { tx.put(n, last, old).value(); });
    EXPECT_EQ(b_.read().counter("n").value().value(), 5);
    settle_both();
    EXPECT_EQ(a_.read().counter("n").value().value(), 7);
    EXPECT_EQ(b_.read().counter("n").value().value(), 7);
}

TEST_F(AuditRules, RangesEndAtTheirLimits) {
    for (int i = 0; i < 50; ++i)
        a_.write([i](auto& tx) { static_cast<void>(tx.set("many").add(i).value()); });
    auto snapshot = a_.read();
    std::string from;
    std::uint64_t rows = 0;
    int steps = 0;
    do {
        const audit::Digest digest = audit::digest(snapshot, {from, {}}, {10, 100'000}).value();
        EXPECT_LE(digest.rows, 10U);
        rows += digest.rows;
        from = digest.upto;
        ++steps;
    } while (!from.empty());
    EXPECT_EQ(rows, 53U);
    EXPECT_EQ(steps, 6);
    const audit::Rows few = audit::rows(snapshot, {}, {100, 200}, 100'000).value();
    EXPECT_LT(few.batch.size(), 400U);
    EXPECT_FALSE(few.upto.empty());
}

TEST_F(AuditRules, ARowBeyondTheLimitIsSkippedAloneAndNothingElse) {
    const RowKey large{"o", Type::kRegister, {}};
    a_.write([](auto& tx) { tx.reg("o").assign(std::string(5'000, 'x')).value(); });
    auto snapshot = a_.read();
    const audit::Rows before = audit::rows(snapshot, {}, kLimits, 1'000).value();
    EXPECT_FALSE(before.skipped);
    EXPECT_EQ(before.upto, store_key(large).bytes);
    const audit::Rows at = audit::rows(snapshot, {before.upto, {}}, kLimits, 1'000).value();
    EXPECT_TRUE(at.skipped);
    EXPECT_EQ(at.upto, store_key(r_).bytes);
    EXPECT_EQ(at.batch, encode_batch({}));
    const audit::Rows after = audit::rows(snapshot, {at.upto, {}}, kLimits, 1'000).value();
    EXPECT_FALSE(after.skipped);
    EXPECT_TRUE(after.upto.empty());
}

TEST_F(AuditRules, BadRowsAreRefused) {
    const Row row = a_.read().get(r_).value();
    const auto unpack = [&](const std::vector<KeyedRow>& rows, const audit::Range& range,
                            const VersionVector& version) {
        audit::Theirs theirs{{}, version, {}, {}};
        return audit::unpack(encode_batch(rows), range, theirs).has_value();
    };
    const VersionVector version = a_.read().version();
    const std::string place = store_key(r_).bytes;
    EXPECT_TRUE(unpack({{r_, row}}, {place, place + '\0'}, version));
    EXPECT_FALSE(unpack({{r_, row}}, {}, {})) << "not covered";
    EXPECT_FALSE(unpack({{r_, row}}, {{}, place}, version)) << "of another range";
    EXPECT_FALSE(unpack({{r_, row}, {r_, row}}, {}, version)) << "twice";
    EXPECT_FALSE(unpack({{r_, row}, {{"q", Type::kRegister, {}}, row}}, {}, version));
}

TEST_F(AuditRules, AWriteOfAnotherRowIsNotTaken) {
    audit::Theirs theirs = b_.told();
    const RowKey copy{"copy", Type::kRegister, {}};
    theirs.rows = {{store_key(copy).bytes, {copy, a_.read().get(r_).value()}}};
    const std::uint64_t before = a_.hash();
    const auto outcome = a_.try_settle(theirs).value();
    ASSERT_EQ(outcome.refused.size(), 1U) << "of a row that is in order the audit goes on";
    EXPECT_EQ(outcome.refused.front().code, ErrorCode::kCorrupt);
    EXPECT_EQ(a_.hash(), before);
    a_.expect_sound();
}

}  // namespace
}  // namespace kigumi
