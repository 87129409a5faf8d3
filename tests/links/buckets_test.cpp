#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <set>

#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/status.hpp"
#include "protocol/messages.hpp"
#include "replicator_network.hpp"

/// How many buckets there may be, who may bring them, and what those cost that nobody uses.
namespace kigumi {
namespace {

/// A key with some rights in all buckets.
struct KeyPolicy : PeerPolicy {
    KeyPolicy(std::string name, Rights may) : key(std::move(name)), rights(may) {}

    std::string_view peer() const override { return key; }
    Rights in(std::string_view) const override { return rights; }
    Result<void> claim(const ReplicaId&) override { return {}; }
    bool owns(const ReplicaId&) const override { return true; }

    std::string key;
    Rights rights;
};

ReplicaId replica(std::uint8_t number) { return ReplicaId(ReplicaId::Bytes{number, 0xEE}); }

/// Counts what is read and written of the environment behind it.
class CountingEnv : public kv::Env {
  public:
    Result<std::unique_ptr<kv::ReadTxn>> begin_read() override {
        ++reads;
        return env_.begin_read();
    }
    Result<std::unique_ptr<kv::WriteTxn>> begin_write() override {
        ++writes;
        return env_.begin_write();
    }
    Result<kv::Usage> usage() override { return env_.usage(); }
    void write_behind() override { env_.write_behind(); }
    Result<void> sync() override { return env_.sync(); }

    std::uint64_t reads = 0;
    std::uint64_t writes = 0;

  private:
    kv::MemoryEnv env_;
};

ReplicatorOptions with_buckets(std::size_t most) {
    ReplicatorOptions options;
    options.max_buckets = most;
    options.random = [generator = std::make_shared<std::mt19937_64>(1)] { return (*generator)(); };
    return options;
}

/// A node, and peers that say what a test makes them say.
struct Node {
    explicit Node(ReplicatorOptions options) : replicator(*store, std::move(options)) {}

    void open_link(LinkId link, const std::string& key, Rights rights) {
        replicator.link_up(link, false, key, now_ms, std::make_shared<KeyPolicy>(key, rights));
        say(link, wire::Hello{
                      wire::kProtocolVersion, replica(static_cast<std::uint8_t>(link)), true, {}});
        turn();
    }
    void say(LinkId link, const wire::Message& message) {
        replicator.receive(link, wire::encode(message), now_ms);
    }
    /// Tells of buckets that nobody has.
    void invent(LinkId link, const std::string& prefix, std::size_t buckets) {
        wire::Digest digest;
        const VersionVector some{{replica(static_cast<std::uint8_t>(link)), 1}};
        for (std::size_t i = 0; i < buckets; ++i) {
            digest.versions.emplace_back(prefix + std::to_string(i), some);
            if (digest.versions.size() == 1'000) say(link, std::exchange(digest, {}));
        }
        say(link, digest);
        turn();
    }
    void write(const std::string& bucket) {
        auto tx = store->write(bucket).value();
        tx.reg("k").assign(Value("v")).value();
        tx.commit().value();
        replicator.local_commit();
    }
    Effects turn() {
        replicator.tick(now_ms);
        replicator.flush(now_ms);
        Effects effects = replicator.take_effects();
        for (const auto& note : effects.notes) notes.push_back(note);
        return effects;
    }
    /// Some rounds, in which the peers say that they live.
    void run_for(std::uint64_t ms, const std::set<LinkId>& links = {}) {
        for (const std::uint64_t end_ms = now_ms + ms; now_ms < end_ms; now_ms += 50) {
            for (const LinkId link : links) say(link, wire::Digest{});
            turn();
        }
    }
    std::size_t known(const std::string& prefix) {
        std::size_t n = 0;
        for (const BucketStatus& bucket : replicator.status().buckets)
            n += bucket.name.starts_with(prefix) ? 1 : 0;
        return n;
    }
    std::size_t noted(const std::string& event) const {
        std::size_t n = 0;
        for (const auto& note : notes) n += note.event == event ? 1 : 0;
        return n;
    }

    std::shared_ptr<CountingEnv> env = std::make_shared<CountingEnv>();
    std::unique_ptr<Store> store = Store::over(env).value();
    Replicator replicator;
    std::uint64_t now_ms = 1'000;
    std::vector<Effects::Note> notes;
};

constexpr Rights kReader{true, false, false};
constexpr Rights kWriter{true, true, false};

TEST(InventedBuckets, OfAReaderAreNothing) {
    Node node(with_buckets(100'000));
    node.open_link(1, "reader", kReader);
    node.invent(1, "invented ", 10'000);
    EXPECT_EQ(node.known("invented "), 0U);
    EXPECT_EQ(node.replicator.status().counters.buckets_refused, 0U)
        << "it cannot make noise either";
    // It may say how far it is in what there is.
    node.write("real");
    node.turn();
    node.say(1, wire::Digest{{{"real", VersionVector{{replica(1), 1}}}}});
    EXPECT_EQ(node.replicator.status().buckets.back().peers.size(), 1U);
}

TEST(InventedBuckets, OfAWriterAreAShareOnHoweverManyLinks) {
    Node node(with_buckets(2'048));
    for (LinkId link = 1; link <= 3; ++link) {
        node.open_link(link, "writer", kWriter);
        node.invent(link, "invented " + std::to_string(link) + "/", 1'000);
    }
    EXPECT_EQ(node.known("invented "), 128U);
    node.open_link(4, "other", kWriter);
    node.invent(4, "other ", 100);
    EXPECT_EQ(node.known("other "), 100U);
    node.run_for(1'000, {1, 2, 3, 4});
    EXPECT_EQ(node.noted("buckets.left_out"), 1U);
    EXPECT_GT(node.replicator.status().counters.buckets_refused, 1'000U);

    node.replicator.link_down(1);
    node.replicator.link_down(2);
    node.run_for(2'000, {3, 4});
    EXPECT_EQ(node.known("invented "), 128U) << "the key has a link still";
    node.replicator.link_down(3);
    node.run_for(2'000, {4});
    EXPECT_EQ(node.known("invented "), 0U);
    EXPECT_EQ(node.known("other "), 100U);
    node.open_link(5, "writer", kWriter);
    node.invent(5, "again ", 1'000);
    EXPECT_EQ(node.known("again "), 128U);
}

TEST(InventedBuckets, CountNoMoreOnceTheyAreFilled) {
    Node node(with_buckets(1'000));
    node.open_link(1, "writer", {true, true, true});
    node.invent(1, "a", 100);
    EXPECT_EQ(node.known("a"), 64U) << "the least share";
    for (int i = 0; i < 64; ++i) {
        wire::Push push{"a" + std::to_string(i), {}, {}, {}, {}};
        push.version.raise(replica(1), 1);
        BatchWriter batch;
        KeyedRow keyed;
        keyed.at = {"k", Type::kRegister, {}};
        keyed.row.insert(Write{{replica(1), 1}, Hlc::at_ms(1), Value("v"), {}});
        batch.add(keyed);
        push.batch = batch.finish();
        node.say(1, push);
    }
    node.run_for(1'500, {1});
    node.invent(1, "b", 100);
    EXPECT_EQ(node.known("b"), 64U);
}

TEST(MoreBucketsThanMayBe, AreReported) {
    Node node(with_buckets(32));
    for (int i = 0; i < 40; ++i) {
        node.write("bucket " + std::to_string(i));
        node.turn();
    }
    node.run_for(1'000);
    const ReplicatorStatus status = node.replicator.status();
    EXPECT_EQ(status.left_out, 8U);
    EXPECT_EQ(status.max_buckets, 32U);
    EXPECT_EQ(node.store->left_out().value(), 8U) << "for those who look at the store";
    EXPECT_EQ(node.noted("buckets.left_out"), 1U);
    EXPECT_EQ(node.known("bucket "), 32U);
    node.run_for(70'000);
    EXPECT_EQ(node.noted("buckets.left_out"), 2U) << "once in a minute";

    node.replicator.retune(with_buckets(100));
    node.run_for(2'000);
    EXPECT_EQ(node.replicator.status().left_out, 0U);
    EXPECT_EQ(node.known("bucket "), 40U);
    EXPECT_EQ(node.store->left_out().value(), 0U);
}

TEST(MoreBucketsThanMayBe, AreFoundAtTheStartAsWell) {
    auto env = std::make_shared<CountingEnv>();
    const auto store = Store::over(env).value();
    for (int i = 0; i < 20; ++i) {
        auto tx = store->write("bucket " + std::to_string(i)).value();
        tx.reg("k").assign(Value("v")).value();
        tx.commit().value();
    }
    const Replicator replicator(*store, with_buckets(16));
    EXPECT_EQ(replicator.status().left_out, 4U);
}

/// What an hour of rounds with one peer costs when nobody writes.
struct IdleCost {
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;
    std::uint64_t bytes = 0;
};

IdleCost idle_cost(int buckets) {
    ReplicatorOptions options = with_buckets(100'000);
    options.audit_ms = 0;
    Node node(std::move(options));
    for (int i = 0; i < buckets; ++i) node.write("bucket " + std::to_string(i));
    node.turn();
    node.open_link(1, "peer", {});
    // The peer takes up all that it is told of, until everything is settled.
    const auto settle = [&](const Effects& effects) {
        for (const auto& send : effects.sends) {
            const auto message = wire::decode(send.message);
            const auto* const digest = message ? std::get_if<wire::Digest>(&*message) : nullptr;
            if (digest != nullptr && !digest->versions.empty()) node.say(1, *digest);
        }
    };
    // A minute and more: the first pass over requests looks at each once.
    for (int i = 0; i < 1'500; ++i, node.now_ms += 50) {
        node.say(1, wire::Digest{});
        settle(node.turn());
    }
    const IdleCost before{node.env->reads, node.env->writes, 0};
    IdleCost cost;
    for (int i = 0; i < 2'000; ++i, node.now_ms += 50) {
        if (i % 10 == 0) node.say(1, wire::Digest{});
        for (const auto& send : node.turn().sends) cost.bytes += send.message.size();
    }
    cost.reads = node.env->reads - before.reads;
    cost.writes = node.env->writes - before.writes;
    return cost;
}

TEST(IdleBuckets, CostNoMoreIfTheyAreMany) {
    const IdleCost few = idle_cost(100);
    const IdleCost many = idle_cost(2'000);
    EXPECT_LE(many.reads, few.reads + few.reads / 10 + 10);
    EXPECT_LE(many.writes, few.writes + 10);
    // A bounded part of them is told again in each round.
    EXPECT_LE(many.bytes, 100 * 2 * 64 * 100U);
    EXPECT_GT(few.bytes, 0U);
}

TEST(OneWriteAmongManyBuckets, ReadsOneOfThem) {
    Node node(with_buckets(100'000));
    for (int i = 0; i < 1'000; ++i) node.write("bucket " + std::to_string(i));
    node.run_for(10'000);
    const std::uint64_t before = node.env->reads;
    for (int i = 0; i < 20; ++i) {
        node.write("bucket " + std::to_string(i));
        node.turn();
    }
    EXPECT_LE(node.env->reads - before, 20 * 10U);
    EXPECT_EQ(node.replicator.status().buckets.front().name, "bucket 0");
    EXPECT_EQ(node.replicator.status().buckets.front().version,
              node.store->read("bucket 0").value().version());
}

TEST(ManyWritesAtOnce, AreNoSignThatTheStoreHasGoneBack) {
    Node node(with_buckets(100'000));
    for (int i = 0; i < 100; ++i) node.write("bucket " + std::to_string(i));
    node.turn();
    node.open_link(1, "peer", {});
    const ReplicaId self = node.store->replica().value();
    // More than a commit's note can hold, and a peer that knows of one of them already.
    for (int i = 0; i < 100; ++i) node.write("bucket " + std::to_string(i));
    node.say(1, wire::Digest{{{"bucket 3", node.store->read("bucket 3").value().version()}}});
    node.turn();
    EXPECT_EQ(node.store->replica().value(), self);
    EXPECT_EQ(node.noted("identity.renewed"), 0U);
}

TEST(ManyBuckets, ReachAPeer) {
    ReplicatorNetwork network;
    network.add();
    network.add();
    for (int i = 0; i < 600; ++i) network.write(0, "k", "v", "bucket " + std::to_string(i));
    network.connect(0, 1, 5);
    EXPECT_TRUE(network.run_until([&] { return network.store(1).count_buckets().value() >= 601U; },
                                  120'000));
    network.run_for(2'000);
    for (int i = 0; i < 600; ++i) {
        const std::string bucket = "bucket " + std::to_string(i);
        ASSERT_EQ(network.version(0, bucket), network.version(1, bucket)) << bucket;
    }
    // And a write in one of them is pushed as soon as it would be if it were the only one.
    network.write(0, "k", "later", "bucket 77");
    EXPECT_TRUE(network.run_until(
        [&] { return network.version(0, "bucket 77") == network.version(1, "bucket 77"); }, 50));
}

TEST(ManyBuckets, AreToldAgainWhenWhatWasSaidIsLost) {
    ReplicatorNetwork network;
    network.add();
    network.add();
    for (int i = 0; i < 300; ++i) network.write(0, "k", "v", "bucket " + std::to_string(i));
    network.connect(0, 1, 5);
    ASSERT_TRUE(network.run_until([&] { return network.store(1).count_buckets().value() >= 301U; },
                                  120'000));
    network.run_for(3'000);
    network.passes = [](std::size_t from, std::size_t, const std::string&) { return from != 0; };
    network.write(0, "k", "lost", "bucket 250");
    network.run_for(400);
    network.passes = nullptr;
    EXPECT_TRUE(network.run_until(
        [&] { return network.version(0, "bucket 250") == network.version(1, "bucket 250"); },
        3'000));
}

TEST(RecentChanges, NameWhatCommitsHaveChanged) {
    const auto store = Store::over(std::make_shared<kv::MemoryEnv>()).value();
    const auto write = [&](const std::string& bucket) {
        auto tx = store->write(bucket).value();
        tx.reg("k").assign(Value("v")).value();
        tx.commit().value();
    };
    write("a");
    write("b");
    const RecentChanges first = store->changes_since(0).value();
    EXPECT_TRUE(first.complete);
    EXPECT_EQ(first.last, 2U);
    EXPECT_EQ(first.buckets, (std::vector<std::string>{"b", "a"}));
    for (int i = 0; i < 100; ++i) write("a");
    const RecentChanges second = store->changes_since(first.last).value();
    EXPECT_TRUE(second.complete) << "one bucket takes one entry";
    EXPECT_EQ(second.buckets, std::vector<std::string>{"a"});
    EXPECT_TRUE(store->changes_since(second.last).value().buckets.empty());
    for (int i = 0; i < 200; ++i) write("bucket " + std::to_string(i));
    const RecentChanges third = store->changes_since(second.last).value();
    EXPECT_FALSE(third.complete);
    EXPECT_EQ(third.buckets.front(), "bucket 199");
    EXPECT_TRUE(store->changes_since(third.last - 5).value().complete);
    EXPECT_EQ(store->changes_since(third.last - 5).value().buckets.size(), 5U);
    EXPECT_FALSE(store->changes_since(third.last + 1).value().complete) << "it went back in time";
}

TEST(BucketNumbers, AreTakenOnceThoughSomebodyElseMakesBuckets) {
    const auto env = std::make_shared<kv::MemoryEnv>();
    const auto store = Store::over(env).value();
    const auto write = [&](const std::string& bucket) {
        auto tx = store->write(bucket).value();
        tx.reg("k").assign(Value(bucket)).value();
        tx.commit().value();
    };
    write("a");
    {
        // As an earlier version of this library does it.
        const auto txn = env->begin_write().value();
        txn->put(kv::Table::kBuckets, "b", std::string("\0\0\0\7", 4)).value();
        txn->commit().value();
    }
    for (const char* bucket : {"c", "d", "b"}) write(bucket);
    for (const std::string bucket : {"a", "b", "c", "d"})
        EXPECT_EQ(store->read(bucket).value().reg("k").get().value(), Value(bucket)) << bucket;
}

}  // namespace
}  // namespace kigumi
