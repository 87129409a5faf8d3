#include "kigumi/replication/store.hpp"

#include "kigumi/replication/memory_env.hpp"
#include "support/temp_directory.hpp"
#include "support/value_generators.hpp"

namespace kigumi {
namespace {

/// What holds for any environment is tested on both.
enum class Kind { kMemory, kLmdb };

class StoreTest : public testing::TestWithParam<Kind> {
  protected:
    std::unique_ptr<Store> make() {
        if (GetParam() == Kind::kMemory)
            return Store::over(std::make_shared<kv::MemoryEnv>()).value();
        return Store::open(directory_.path()).value();
    }
    static std::int64_t count(Store& store) {
        auto txn = store.read().value();
        txn.check_log().value();
        return txn.counter("n").value().value();
    }
    static void add(Store& store, std::int64_t amount) {
        auto txn = store.write().value();
        txn.counter("n").add(amount).value();
        txn.commit().value();
    }

  private:
    TempDirectory directory_;

  protected:
    std::unique_ptr<Store> store = make();
};

INSTANTIATE_TEST_SUITE_P(Envs, StoreTest, testing::Values(Kind::kMemory, Kind::kLmdb),
                         [](const auto& info) {
                             return info.param == Kind::kMemory ? "Memory" : "Lmdb";
                         });

TEST_P(StoreTest, NewStoreIsEmpty) {
    auto txn = store->read().value();
    EXPECT_TRUE(txn.version().empty());
    EXPECT_EQ(txn.count_rows().value(), 0U);
    EXPECT_TRUE(store->buckets().value().empty());
    txn.check_log().value();
}

TEST_P(StoreTest, TransactionOverSeveralKeysIsOneStep) {
    {
        auto txn = store->write().value();
        txn.counter("n").add(5).value();
        txn.reg("r").assign(1).value();
        static_cast<void>(txn.set("s").add("x").value());
        txn.commit().value();
    }
    auto txn = store->read().value();
    EXPECT_EQ(txn.counter("n").value().value(), 5);
    EXPECT_EQ(txn.reg("r").get().value(), Value(1));
    EXPECT_EQ(txn.set("s").size().value(), 1U);
    EXPECT_EQ(txn.version()[store->replica().value()], 3U);
    EXPECT_EQ(txn.count_rows().value(), 3U);
    const Row n = txn.get({"n", Type::kCounter, {}}).value();
    const Row r = txn.get({"r", Type::kRegister, {}}).value();
    EXPECT_EQ(n.begin()->time, r.begin()->time) << "one transaction, one time";
    EXPECT_EQ(n.begin()->dot.counter + 1, r.begin()->dot.counter);
}

TEST_P(StoreTest, UncommittedChangesNothing) {
    add(*store, 1);
    const VersionVector before = store->read().value().version();
    {
        auto txn = store->write().value();
        txn.counter("n").add(10).value();
        txn.reg("r").assign(1).value();
        EXPECT_EQ(txn.counter("n").value().value(), 11);
    }
    EXPECT_EQ(count(*store), 1);
    EXPECT_EQ(store->read().value().version(), before);
    add(*store, 1);
    EXPECT_EQ(count(*store), 2);
}

TEST_P(StoreTest, EmptyCommitChangesNothing) {
    add(*store, 1);
    const auto commits = store->usage().value().commits;
    store->write().value().commit().value();
    EXPECT_EQ(store->usage().value().commits, commits);
}

TEST_P(StoreTest, ReadTransactionIsASnapshot) {
    add(*store, 1);
    auto before = store->read().value();
    add(*store, 1);
    EXPECT_EQ(before.counter("n").value().value(), 1);
    before.check_log().value();
    EXPECT_EQ(count(*store), 2);
    EXPECT_EQ(before.version()[store->replica().value()], 1U);
}

TEST_P(StoreTest, BucketsAreApart) {
    for (const char* bucket : {"b", "a"}) {
        auto txn = store->write(bucket).value();
        txn.reg("k").assign(bucket).value();
        txn.commit().value();
    }
    EXPECT_EQ(store->buckets().value(), (std::vector<std::string>{"a", "b"}));
    auto txn = store->read("a").value();
    EXPECT_EQ(txn.reg("k").get().value(), Value("a"));
    EXPECT_EQ(txn.count_rows().value(), 1U);
    EXPECT_EQ(txn.version()[store->replica().value()], 1U) << "dots are counted by bucket";
    EXPECT_EQ(store->read("c").value().count_rows().value(), 0U);
}

TEST_P(StoreTest, BucketNamesAreShortText) {
    for (const std::string& bad : {std::string(), std::string(256, 'b'), std::string("\xFF")}) {
        EXPECT_FALSE(store->read(bad));
        EXPECT_FALSE(store->write(bad));
    }
    EXPECT_TRUE(store->write(std::string(255, 'b')));
}

TEST_P(StoreTest, RefusesATransactionOfMoreThan64MiB) {
    add(*store, 1);
    {
        auto txn = store->write().value();
        const Value value(std::string(1'000'000, 'x'));
        int written = 0;
        Result<void> outcome;
        while (outcome && written < 100) {
            outcome = txn.reg("r" + std::to_string(written)).assign(value);
            ++written;
        }
        EXPECT_EQ(written, 68) << "67 of these fit 64 MiB";
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().code, ErrorCode::kFull);
        const auto committed = txn.commit();
        ASSERT_FALSE(committed) << "a part of what was meant must not be kept";
        EXPECT_EQ(committed.error().code, ErrorCode::kFull);
    }
    EXPECT_EQ(store->read().value().count_rows().value(), 1U);
    add(*store, 1);
    EXPECT_EQ(count(*store), 2);
}

TEST_P(StoreTest, AcceptsATransactionOf60MiB) {
    auto txn = store->write().value();
    const Value value(std::string(1'000'000, 'x'));
    for (int i = 0; i < 63; ++i) txn.reg("r" + std::to_string(i)).assign(value).value();
    txn.commit().value();
    EXPECT_EQ(store->read().value().count_rows().value(), 63U);
}

TEST_P(StoreTest, EachObjectSkipsWhatIsRemoved) {
    auto txn = store->write().value();
    for (const char* key : {"a", "b", "c", "d"}) {
        for (int i = 0; i < 3; ++i) static_cast<void>(txn.set(key).add(i).value());
        txn.reg(key).assign(1).value();
    }
    static_cast<void>(txn.erase("b", Type::kSet).value());
    static_cast<void>(txn.reg("c").erase().value());
    static_cast<void>(txn.set("a").erase(0).value());
    txn.counter("n").add(1).value();
    txn.counter("n").reset().value();
    std::vector<std::string> seen;
    const auto note = [&seen](const std::string& key, Type type) {
        seen.push_back(key + std::string(name_of(type)));
        return true;
    };
    const std::vector<std::string> expected = {"aregister", "aset",      "bregister",
                                               "cset",      "dregister", "dset"};
    txn.each_object(note).value();
    EXPECT_EQ(seen, expected);
    txn.commit().value();
    seen.clear();
    store->read().value().each_object(note).value();
    EXPECT_EQ(seen, expected);
    seen.clear();
    store->read()
        .value()
        .each_object([&](const std::string& key, Type type) {
            note(key, type);
            return seen.size() < 2;
        })
        .value();
    EXPECT_EQ(seen.size(), 2U);
}

TEST_P(StoreTest, TimeGoesOnAcrossTransactions) {
    Hlc last;
    for (int i = 0; i < 3; ++i) {
        add(*store, 1);
        const Row row = store->read().value().get({"n", Type::kCounter, {}}).value();
        EXPECT_GT(row.begin()->time, last);
        last = row.begin()->time;
    }
}

TEST_P(StoreTest, StagedRowsAreOutOfSight) {
    Row row;
    row.insert({{replica(9), 1}, Hlc::at_ms(1), Value("theirs")});
    const KeyedRow keyed{{"r", Type::kRegister, {}}, row};
    {
        auto txn = store->write().value();
        txn.stage(keyed).value();
        EXPECT_EQ(txn.staged(keyed.at).value(), keyed);
        EXPECT_EQ(txn.staged({"q", Type::kRegister, {}}).value(), std::nullopt);
        txn.commit().value();
    }
    EXPECT_EQ(store->read().value().count_rows().value(), 0U);
    auto txn = store->write().value();
    std::vector<KeyedRow> all;
    txn.each_staged([&all](const KeyedRow& each) { return all.push_back(each), Result<void>(); })
        .value();
    EXPECT_EQ(all, std::vector<KeyedRow>{keyed});
    EXPECT_TRUE(txn.clear_staged(1).value());
    EXPECT_EQ(txn.staged(keyed.at).value(), std::nullopt);
}

TEST_P(StoreTest, DropUnsentDropsWhatTheSenderHasSeenAndNoLongerHas) {
    const ReplicaId other = replica(9);
    {
        auto txn = store->write().value();
        std::uint64_t counter = 0;
        for (const char* key : {"collected", "sent", "unseen"}) {
            Row row;
            row.insert({{other, ++counter}, Hlc::at_ms(1), Removed{}});
            txn.join_row({{key, Type::kRegister, {}}, row}, {{other, counter}}).value();
        }
        txn.reg("own").assign(1).value();
        txn.advance({{other, 3}}, {});
        txn.commit().value();
    }
    {
        auto txn = store->write().value();
        const auto sent = [](const RowKey& at) { return Result<bool>(at.key == "sent"); };
        txn.drop_unsent({{other, 2}}, sent).value();
        txn.advance({{other, 2}}, {{other, 1}});
        txn.commit().value();
    }
    auto txn = store->read().value();
    txn.check_log().value();
    const auto size = [&txn](const char* key) {
        return txn.get({key, Type::kRegister, {}}).value().size();
    };
    EXPECT_EQ(size("collected"), 0U);
    EXPECT_EQ(size("sent"), 1U);
    EXPECT_EQ(size("unseen"), 1U);
    EXPECT_EQ(size("own"), 1U);
    EXPECT_EQ(txn.version()[other], 3U) << "an older vector lowers nothing";
    EXPECT_EQ(txn.floor(), (VersionVector{{other, 1}}));
}

TEST_P(StoreTest, CollectsRemovedRowsThatAreStable) {
    const ReplicaId self = store->replica().value();
    const auto write = [this](auto change) {
        auto txn = store->write().value();
        change(txn);
        txn.commit().value();
    };
    const auto collect = [this](const VersionVector& stable) {
        std::string cursor;
        const auto places = store->read().value().collectable(stable, 100, cursor).value();
        EXPECT_TRUE(cursor.empty());
        auto txn = store->write().value();
        const std::size_t rows = txn.collect(places, stable).value();
        txn.commit().value();
        store->read().value().check_log().value();
        return rows;
    };
    write([](auto& txn) { txn.set("s").add("early").value(); });
    write([](auto& txn) { txn.set("s").add("late").value(); });
    write([](auto& txn) { txn.set("s").erase("early").value(); });
    write([](auto& txn) { txn.set("s").erase("late").value(); });
    // A value beside a removal keeps it: the removal may be what wins.
    write([](auto& txn) {
        Row row;
        row.insert({{replica(9), 1}, Hlc::at_ms(1), Value("theirs")});
        row.insert({{replica(9), 2}, Hlc::at_ms(2), Removed{}});
        txn.join_row({{"sibling", Type::kRegister, {}}, row}, {{replica(9), 2}}).value();
        txn.advance({{replica(9), 2}}, {});
    });
    EXPECT_EQ(store->read().value().count_removed().value(), 2U);
    EXPECT_EQ(collect({{self, 2}}), 0U) << "not seen by everybody yet";
    EXPECT_EQ(collect({{self, 3}}), 1U);
    EXPECT_EQ(store->read().value().floor(), (VersionVector{{self, 3}}));
    EXPECT_EQ(collect({{self, 4}, {replica(9), 2}}), 1U);
    auto txn = store->read().value();
    EXPECT_EQ(txn.floor(), (VersionVector{{self, 4}}));
    EXPECT_EQ(txn.version(), (VersionVector{{self, 4}, {replica(9), 2}}));
    EXPECT_EQ(txn.count_removed().value(), 0U);
    EXPECT_EQ(txn.count_rows().value(), 1U);
}

TEST_P(StoreTest, CollectionLooksAtSoManyRowsAtATimeAndLeavesWhatWasWrittenAgain) {
    const auto write = [this](auto change) {
        auto txn = store->write().value();
        for (int i = 0; i < 10; ++i) change(txn.set("s"), i);
        txn.commit().value();
    };
    write([](auto set, int i) { set.add(i).value(); });
    write([](auto set, int i) { set.erase(i).value(); });
    const VersionVector stable = store->read().value().version();
    std::string cursor;
    std::vector<std::string> places;
    std::size_t steps = 0;
    do {
        const auto some = store->read().value().collectable(stable, 4, cursor).value();
        places.insert(places.end(), some.begin(), some.end());
        ++steps;
    } while (!cursor.empty());
    EXPECT_EQ(steps, 3U);
    EXPECT_EQ(places.size(), 10U);
    write([](auto set, int i) {
        if (i < 5) set.add(i).value();
    });
    auto txn = store->write().value();
    EXPECT_EQ(txn.collect(places, stable).value(), 5U);
    txn.commit().value();
    EXPECT_EQ(store->read().value().count_rows().value(), 5U);
    store->read().value().check_log().value();
}

TEST_P(StoreTest, ContactsAreKept) {
    EXPECT_TRUE(store->contacts().value().empty());
    std::vector<ContactRecord> contacts{{replica(7), "192.0.2.1:4460", "key", "alive", 12},
                                        {replica(8), "[::1]:4460", "", "down", 13}};
    store->put_contacts(contacts).value();
    EXPECT_EQ(store->contacts().value(), contacts);
    contacts.pop_back();
    store->put_contacts(contacts).value();
    EXPECT_EQ(store->contacts().value(), contacts);
}

TEST_P(StoreTest, PeersAreKept) {
    EXPECT_TRUE(store->peers("default").value().empty());
    PeerRecord peer;
    peer.replica = replica(7);
    peer.address = "tcp://[::1]:4460";
    peer.connected = true;
    peer.changed_ms = 12;
    peer.acknowledged = {{replica(7), 3}, {replica(8), 1}};
    peer.settled = {{replica(7), 2}};
    peer.settled_ms = 11;
    peer.peer = "a key";
    peer.holds = false;
    peer.trimmed = true;
    PeerRecord other;
    other.replica = replica(8);
    store->put_peers({{"default", {peer, other}}}).value();
    peer.connected = false;
    store->put_peers({{"default", {peer}}}).value();
    const auto peers = store->peers("default").value();
    ASSERT_EQ(peers.size(), 2U);
    EXPECT_EQ(peers[0].replica, replica(7));
    EXPECT_EQ(peers[0].address, peer.address);
    EXPECT_FALSE(peers[0].connected);
    EXPECT_EQ(peers[0].changed_ms, 12U);
    EXPECT_EQ(peers[0].acknowledged, peer.acknowledged);
    EXPECT_EQ(peers[0].settled, peer.settled);
    EXPECT_EQ(peers[0].settled_ms, 11U);
    EXPECT_EQ(peers[0].peer, "a key");
    EXPECT_FALSE(peers[0].holds);
    EXPECT_TRUE(peers[0].trimmed);
    EXPECT_EQ(peers[1].replica, replica(8));
    EXPECT_EQ(peers[1].peer, "");
    EXPECT_TRUE(peers[1].holds);
    EXPECT_TRUE(store->peers("other").value().empty());
    store->put_peers({}, {{"default", {replica(7)}}}).value();
    EXPECT_EQ(store->peers("default").value().size(), 1U);
}

TEST_P(StoreTest, RenewedIdentityWritesUnderANewOrigin) {
    const ReplicaId old = store->replica().value();
    add(*store, 2);
    EXPECT_EQ(store->renew_identity(replica(99)).value(), old) << "only the present one is renewed";
    const ReplicaId fresh = store->renew_identity(old).value();
    EXPECT_NE(fresh, old);
    EXPECT_EQ(store->renew_identity(old).value(), fresh) << "asking twice renews once";
    EXPECT_EQ(store->replica().value(), fresh);
    add(*store, 3);
    EXPECT_EQ(count(*store), 5);
    EXPECT_EQ(store->read().value().version(), (VersionVector{{old, 1}, {fresh, 1}}));
}

TEST_P(StoreTest, ASecondWriterOfTheSameThreadIsRefusedInsteadOfWaitingForEver) {
    auto first = store->write().value();
    const auto second = store->write("other");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kBusy);
    first.counter("n").add(1).value();
    first.commit().value();
    add(*store, 1);
    EXPECT_EQ(count(*store), 2);
}

constexpr std::uint64_t kNow = 1'700'000'000'000;
constexpr std::uint64_t kHour = 3'600'000;

Hlc write_at(Store& store) {
    auto txn = store.write().value();
    txn.reg("r").assign(1).value();
    txn.commit().value();
    return store.read().value().get({"r", Type::kRegister, {}}).value().begin()->time;
}

TEST(Store, TimeDoesNotGoBackWithTheWallClockNorAcrossARestart) {
    TempDirectory directory;
    std::uint64_t wall_ms = kNow;
    StoreOptions options;
    options.wall_ms = [&wall_ms] { return wall_ms; };
    auto store = Store::open(directory.path(), options).value();
    const Hlc first = write_at(*store);
    EXPECT_EQ(first, Hlc::at_ms(kNow));
    wall_ms -= kHour;
    const Hlc second = write_at(*store);
    EXPECT_GT(second, first);
    store.reset();
    store = Store::open(directory.path(), options).value();
    EXPECT_GT(write_at(*store), second);
}

TEST(Store, JoinedTimesMoveTheClockAtMostToTheBound) {
    for (const std::uint64_t ahead : {std::uint64_t{100}, kHour}) {
        StoreOptions options;
        options.wall_ms = [] { return kNow; };
        const auto store = Store::over(std::make_shared<kv::MemoryEnv>(), options).value();
        Row theirs;
        theirs.insert({{replica(9), 1}, Hlc::at_ms(kNow + ahead), Value("theirs")});
        {
            auto txn = store->write().value();
            txn.join_row({{"q", Type::kRegister, {}}, theirs}, {{replica(9), 1}}).value();
            txn.advance({{replica(9), 1}}, {});
            txn.commit().value();
        }
        const Hlc next = write_at(*store);
        EXPECT_GE(next.ms(), kNow + std::min(ahead, HlcClock::kMaxDriftMs));
        EXPECT_LE(next.ms(), kNow + HlcClock::kMaxDriftMs + 1);
        EXPECT_EQ(store->read().value().get({"q", Type::kRegister, {}}).value(), theirs)
            << "what was stamped in the future is kept as it is";
    }
}

TEST(MemoryEnv, BeginningAnythingBesideAWriterIsAnError) {
    const auto store = Store::over(std::make_shared<kv::MemoryEnv>()).value();
    {
        const auto writer = store->write();
        ASSERT_TRUE(writer);
        EXPECT_EQ(store->write().error().code, ErrorCode::kBusy);
        EXPECT_EQ(store->read().error().code, ErrorCode::kBusy);
    }
    EXPECT_TRUE(store->write());
}

TEST(MemoryEnv, FailedCommitKeepsNothing) {
    const auto env = std::make_shared<kv::MemoryEnv>();
    const auto store = Store::over(env).value();
    {
        auto txn = store->write().value();
        txn.counter("n").add(1).value();
        txn.commit().value();
    }
    env->fail_commits(1);
    {
        auto txn = store->write().value();
        txn.counter("n").add(1).value();
        EXPECT_FALSE(txn.commit());
    }
    auto txn = store->read().value();
    txn.check_log().value();
    EXPECT_EQ(txn.counter("n").value().value(), 1);
}

TEST(MemoryEnv, GoesBackToAKeptState) {
    const auto env = std::make_shared<kv::MemoryEnv>();
    const auto store = Store::over(env).value();
    const auto write = [&store](int value) {
        auto txn = store->write().value();
        txn.reg("r").assign(value).value();
        txn.commit().value();
    };
    write(1);
    const auto kept = env->state();
    write(2);
    env->restore(kept);
    EXPECT_EQ(store->read().value().reg("r").get().value(), Value(1));
    write(3);
    env->restore(kept);
    EXPECT_EQ(store->read().value().reg("r").get().value(), Value(1));
}

}  // namespace
}  // namespace kigumi
