#include <gtest/gtest.h>

#include <algorithm>

#include "chain.hpp"
#include "kigumi/replication/members.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "protocol/audit.hpp"
#include "row_record.hpp"
#include "signatures.hpp"

/// Heads: the chain over a store's own transactions, what it says of a head, and what is kept of
/// others'.
namespace kigumi {
namespace {

const std::string kBucket(kDefaultBucket);

class Replica {
  public:
    explicit Replica(std::shared_ptr<const kv::MemoryEnv::Tables> state = nullptr) {
        if (state) env_->restore(std::move(state));
        StoreOptions options;
        options.wall_ms = [this] { return ++wall_ms_; };
        store_ = Store::over(env_, std::move(options)).value();
    }
    Store& store() { return *store_; }
    kv::MemoryEnv& env() { return *env_; }
    ReplicaId id() { return store_->replica().value(); }

    template <class Change>
    void write(Change change) {
        auto tx = store_->write(kBucket).value();
        change(tx);
        tx.commit().value();
    }
    void assign(const std::string& key, const std::string& value) {
        write([&](WriteTransaction& tx) { tx.reg(key).assign(value).value(); });
    }
    void add(const std::string& key, std::int64_t amount) {
        write([&](WriteTransaction& tx) { tx.counter(key).add(amount).value(); });
    }
    std::string get(const std::string& key) {
        const auto value = store_->read(kBucket)->reg(key).get().value();
        const auto* const text = value ? value->get_if<std::string>() : nullptr;
        return text != nullptr ? *text : "nothing";
    }
    std::int64_t count(const std::string& key) {
        return store_->read(kBucket)->counter(key).value().value();
    }
    VersionVector version() { return store_->read(kBucket)->version(); }
    std::optional<Head> head(const ReplicaId& origin) {
        return store_->read(kBucket)->head(origin).value();
    }
    Head own_head() { return head(id()).value(); }
    std::vector<KeyedRow> rows() {
        std::vector<KeyedRow> rows;
        store_->read(kBucket)
            ->scan({},
                   [&](const RowKey& at, const Row& row) {
                       rows.push_back({at, row});
                       return true;
                   })
            .value();
        return rows;
    }
    /// Joins what another has and this one lacks, as a pull does.
    void pull(Replica& from) {
        const VersionVector version = from.version();
        const auto theirs = from.rows();
        write([&](WriteTransaction& tx) {
            const VersionVector before = tx.version();
            for (const KeyedRow& keyed : theirs)
                if (std::any_of(keyed.row.begin(), keyed.row.end(),
                                [&](const Write& write) { return !before.covers(write.dot); }))
                    tx.join_row(keyed, version).value();
            tx.advance(version, {});
        });
    }
    /// Takes what another has, as the one who asks in an audit does.
    audit::Outcome settle(Replica& from) {
        audit::Theirs theirs{{}, from.version(), {}, {}, false};
        audit::unpack(encode_batch(from.rows()), {}, theirs).value();
        return audit::settle(*store_, kBucket, {}, true, theirs).value();
    }

  private:
    std::uint64_t wall_ms_ = 1'000'000;
    std::shared_ptr<kv::MemoryEnv> env_ = std::make_shared<kv::MemoryEnv>();
    std::unique_ptr<Store> store_;
};

/// A replica that went back, wrote other events under the same names, and met a peer that has the
/// first ones.
struct Fork {
    Fork(const std::function<void(Replica&)>& common, const std::function<void(Replica&)>& lost,
         const std::function<void(Replica&)>& again) {
        Replica original;
        common(original);
        const auto snapshot = std::make_shared<kv::MemoryEnv::Tables>(*original.env().state());
        lost(original);
        witness.pull(original);
        old = original.id();
        const Head shown = original.own_head();
        forked = std::make_unique<Replica>(snapshot);
        again(*forked);
        standing = forked->store().check_head(kBucket, shown).value();
        forked->store().renew_identity(old, true).value();
        exchange();
    }
    void exchange() {
        forked->pull(witness);
        witness.pull(*forked);
    }
    /// Both ask in turn, as often as it takes; at most a few times.
    void audit() {
        for (int i = 0; i < 4 && witness.rows() != forked->rows(); ++i) {
            forked->settle(witness);
            exchange();
            witness.settle(*forked);
            exchange();
        }
    }

    Replica witness;
    std::unique_ptr<Replica> forked;
    ReplicaId old;
    HeadStanding standing;
};

TEST(Chain, EachTransactionHasAHashOfItsOwn) {
    Replica replica;
    EXPECT_FALSE(replica.head(replica.id())) << "nothing was written";
    replica.assign("a", "1");
    const Head first = replica.own_head();
    EXPECT_EQ(first.counter, 1U);
    EXPECT_EQ(signer_of(first), replica.id());
    EXPECT_TRUE(is_sound(kBucket, first));
    EXPECT_FALSE(is_sound("another", first));
    replica.write([](WriteTransaction& tx) {
        tx.reg("a").assign("2").value();
        tx.reg("b").assign("2").value();
    });
    const Head second = replica.own_head();
    EXPECT_EQ(second.counter, 3U);
    EXPECT_NE(second.hash, first.hash);
    for (const Head& head : {first, second})
        EXPECT_EQ(replica.store().check_head(kBucket, head).value(), HeadStanding::kOnChain);
    Head between = second;
    between.counter = 2;
    EXPECT_EQ(replica.store().check_head(kBucket, between).value(), HeadStanding::kForeign)
        << "its signature is of another";
}

TEST(Chain, OfAStoreThatWentBackDoesNotHoldWhatItSignedBefore) {
    Replica replica;
    replica.assign("a", "1");
    const auto snapshot = std::make_shared<kv::MemoryEnv::Tables>(*replica.env().state());
    replica.assign("a", "2");
    const Head lost = replica.own_head();
    Replica back(snapshot);
    EXPECT_EQ(back.store().check_head(kBucket, lost).value(), HeadStanding::kAhead);
    back.assign("a", "3");
    EXPECT_EQ(back.version(), replica.version()) << "the vectors cannot tell";
    EXPECT_EQ(back.store().check_head(kBucket, lost).value(), HeadStanding::kForked);
    back.assign("a", "4");
    EXPECT_EQ(back.store().check_head(kBucket, lost).value(), HeadStanding::kForked);
    EXPECT_EQ(replica.store().check_head(kBucket, lost).value(), HeadStanding::kOnChain);
}

TEST(Chain, OnlyTheKeyOfTheIdentityMakesEvidence) {
    Replica replica;
    Replica other;
    replica.assign("a", "1");
    other.assign("a", "1");
    other.assign("a", "2");
    EXPECT_EQ(replica.store().check_head(kBucket, other.own_head()).value(),
              HeadStanding::kForeign);
    // The own key, and a signature that somebody made up.
    Head forged = replica.own_head();
    forged.counter = 7;
    EXPECT_EQ(replica.store().check_head(kBucket, forged).value(), HeadStanding::kForeign);
    forged.counter = 1;
    forged.hash[0] ^= 1;
    EXPECT_EQ(replica.store().check_head(kBucket, forged).value(), HeadStanding::kForeign);
    // What it signed for one bucket is nothing in another.
    EXPECT_EQ(replica.store().check_head("another", replica.own_head()).value(),
              HeadStanding::kForeign);
}

TEST(Chain, StartsWhereAnEarlierVersionStopped) {
    Replica replica;
    replica.assign("a", "1");
    replica.assign("a", "2");
    {
        auto tx = replica.env().begin_write().value();
        chain::erase(*tx, 1, 0).value();
        tx->commit().value();
    }
    EXPECT_FALSE(replica.head(replica.id()));
    replica.store().start_chain(kBucket).value();
    const Head start = replica.own_head();
    EXPECT_EQ(start.counter, 2U);
    replica.assign("a", "3");
    EXPECT_EQ(replica.store().check_head(kBucket, start).value(), HeadStanding::kOnChain);
    EXPECT_EQ(replica.own_head().counter, 3U);
    // Without being started it begins at the next transaction.
    {
        auto tx = replica.env().begin_write().value();
        chain::erase(*tx, 1, 0).value();
        tx->commit().value();
    }
    replica.assign("a", "4");
    EXPECT_EQ(replica.own_head().counter, 4U);
    EXPECT_EQ(replica.store().check_head(kBucket, start).value(), HeadStanding::kUnknown)
        << "older than the chain: no evidence of anything";
}

TEST(Chain, ForgetsWhatIsVeryOld) {
    kv::MemoryEnv env;
    const chain::Owner owner{1, 0, kBucket, ReplicaId(ReplicaId::Bytes{1})};
    auto tx = env.begin_write().value();
    const std::uint64_t last = chain::kKeptTransactions + 1'000;
    for (std::uint64_t i = 0; i < last; ++i) chain::extend(*tx, owner, i, i + 1, {}).value();
    const auto oldest = chain::oldest(*tx, 1, 0).value();
    ASSERT_TRUE(oldest);
    EXPECT_LE(*oldest, last - chain::kKeptTransactions) << "so many are kept";
    EXPECT_GE(*oldest, last - chain::kKeptTransactions - 64) << "and hardly more";
    EXPECT_TRUE(chain::hash_at(*tx, 1, 0, last).value());
    EXPECT_FALSE(chain::hash_at(*tx, 1, 0, 1).value());
    EXPECT_LE(tx->items(kv::Table::kHeads).value(), chain::kKeptTransactions + 64);
}

TEST(KeptHeads, AreTheNewestThatVCovers) {
    Replica origin;
    Replica peer;
    origin.assign("a", "1");
    const Head first = origin.own_head();
    peer.write([&](WriteTransaction& tx) { tx.keep_head(origin.id(), first, true).value(); });
    EXPECT_FALSE(peer.head(origin.id())) << "V does not hold that event";
    peer.pull(origin);
    peer.store().keep_head(kBucket, origin.id(), first, true).value();
    EXPECT_EQ(peer.head(origin.id()), first);
    origin.assign("a", "2");
    const Head second = origin.own_head();
    peer.store().keep_head(kBucket, origin.id(), second, true).value();
    EXPECT_EQ(peer.head(origin.id()), first);
    peer.pull(origin);
    peer.store().keep_head(kBucket, origin.id(), second, true).value();
    EXPECT_EQ(peer.head(origin.id()), second);
    peer.store().keep_head(kBucket, origin.id(), first, true).value();
    EXPECT_EQ(peer.head(origin.id()), second) << "an older one says less";
    EXPECT_EQ(peer.store().kept_heads(kBucket, origin.id()).value().size(), 1U);
}

TEST(KeptHeads, AreNotHiddenByThoseOfAnotherBranch) {
    Replica origin;
    origin.assign("a", "1");
    const auto snapshot = std::make_shared<kv::MemoryEnv::Tables>(*origin.env().state());
    origin.assign("a", "2");
    Replica peer;
    peer.pull(origin);
    peer.store().keep_head(kBucket, origin.id(), origin.own_head(), true).value();
    // The origin goes back, writes more, and this comes here by way of others.
    Replica back(snapshot);
    for (int i = 0; i < 5; ++i) {
        back.assign("a", "other " + std::to_string(i));
        peer.pull(back);
        peer.store().keep_head(kBucket, origin.id(), back.own_head(), false).value();
    }
    const auto kept = peer.store().kept_heads(kBucket, origin.id()).value();
    ASSERT_EQ(kept.size(), 2U);
    EXPECT_EQ(kept[0], back.own_head());
    EXPECT_EQ(kept[1], origin.own_head());
    EXPECT_EQ(back.store().check_head(kBucket, kept[1]).value(), HeadStanding::kForked);
    peer.store().confirm_heads(kBucket, origin.id()).value();
    EXPECT_EQ(peer.store().kept_heads(kBucket, origin.id()).value().size(), 1U);
}

TEST(RenewedIdentity, LeavesItsLastHeadAndIsRetired) {
    Replica replica;
    replica.assign("a", "1");
    const ReplicaId old = replica.id();
    const Head last = replica.own_head();
    replica.store().renew_identity(old).value();
    EXPECT_NE(replica.id(), old);
    EXPECT_EQ(replica.head(old), last) << "somebody else may use that key";
    EXPECT_TRUE(members::list(replica.store()).value().empty()) << "a copy may only be read";
    for (int i = 0; i < 2; ++i) replica.store().retire_left_identities().value();
    EXPECT_EQ(members::list(replica.store()).value(),
              (std::map<ReplicaId, members::Standing>{{old, members::Standing::kRetired}}));
    EXPECT_EQ(replica.store().check_head(kBucket, last).value(), HeadStanding::kForeign);
    replica.assign("a", "2");
    EXPECT_EQ(replica.own_head().counter, 1U);
}

TEST(RenewedIdentity, ThatWroteNothingIsNotListed) {
    Replica replica;
    const ReplicaId old = replica.id();
    replica.store().renew_identity(old).value();
    EXPECT_NE(replica.id(), old);
    replica.store().retire_left_identities().value();
    EXPECT_TRUE(members::list(replica.store()).value().empty());
}

TEST(Forks, OfOneNameForTwoRowsEndInEqualRows) {
    Fork fork([](Replica& r) { r.assign("common", "1"); },
              [](Replica& r) { r.assign("lost", "first"); },
              [](Replica& r) { r.assign("again", "second"); });
    EXPECT_EQ(fork.standing, HeadStanding::kForked);
    EXPECT_NE(fork.witness.rows(), fork.forked->rows());
    fork.audit();
    EXPECT_EQ(fork.witness.rows(), fork.forked->rows());
    for (Replica* replica : {&fork.witness, fork.forked.get()}) {
        EXPECT_EQ(replica->get("lost"), "first");
        EXPECT_EQ(replica->get("again"), "second") << "written again, under another name";
        EXPECT_EQ(replica->get("common"), "1");
        EXPECT_TRUE(replica->store().read(kBucket)->check_log());
    }
}

TEST(Forks, OfOneNameForTwoValuesEndInEqualRows) {
    Fork fork([](Replica& r) { r.assign("key", "common"); },
              [](Replica& r) { r.assign("key", "first"); },
              [](Replica& r) { r.assign("key", "second"); });
    EXPECT_NE(fork.witness.rows(), fork.forked->rows());
    fork.audit();
    EXPECT_EQ(fork.witness.rows(), fork.forked->rows());
    EXPECT_EQ(fork.witness.get("key"), "second");
    EXPECT_TRUE(fork.witness.store().read(kBucket)->check_log());
}

TEST(Forks, OfACounterKeepTheLargerContribution) {
    for (const bool lost_is_larger : {true, false}) {
        Fork fork([](Replica& r) { r.add("n", 50); },
                  [&](Replica& r) { r.add("n", lost_is_larger ? 10 : 3); },
                  [&](Replica& r) { r.add("n", lost_is_larger ? 3 : 10); });
        EXPECT_NE(fork.witness.count("n"), fork.forked->count("n"));
        fork.audit();
        EXPECT_EQ(fork.witness.rows(), fork.forked->rows());
        EXPECT_EQ(fork.witness.count("n"), 60);
        EXPECT_EQ(fork.forked->count("n"), 60);
        fork.forked->add("n", 1);
        fork.exchange();
        EXPECT_EQ(fork.witness.count("n"), 61);
    }
}

TEST(Forks, OfACounterThatWasResetDoNotCountTwice) {
    Fork fork(
        [](Replica& r) {
            r.add("n", 50);
            r.write([](WriteTransaction& tx) { tx.counter("n").reset().value(); });
        },
        [](Replica& r) { r.add("n", 10); }, [](Replica& r) { r.add("n", 3); });
    fork.audit();
    EXPECT_EQ(fork.witness.rows(), fork.forked->rows());
    EXPECT_EQ(fork.witness.count("n"), 10);
}

TEST(Forks, AreNotSettledByAStoreThatHasNone) {
    // The witness is asked by nobody, and asks: what it cannot unite it refuses, and no more.
    Fork fork([](Replica& r) { r.assign("common", "1"); },
              [](Replica& r) {
                  r.assign("lost", "first");
                  r.assign("more", "first");
              },
              [](Replica& r) {
                  r.assign("again", "second");
                  r.assign("more", "second");
              });
    const auto before = fork.witness.rows();
    const auto outcome = fork.witness.settle(*fork.forked);
    ASSERT_EQ(outcome.refused.size(), 1U);
    EXPECT_NE(outcome.refused.front().message.find("in two rows"), std::string::npos);
    EXPECT_EQ(fork.witness.rows(), before);
    EXPECT_TRUE(fork.witness.store().read(kBucket)->check_log());
}

}  // namespace
}  // namespace kigumi
