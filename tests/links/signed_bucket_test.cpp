#include <gtest/gtest.h>

#include <fstream>

#include "kigumi/replication/bundle.hpp"
#include "kigumi/replication/check.hpp"
#include "protocol/messages.hpp"
#include "replicator_network.hpp"
#include "schema.hpp"
#include "support/temp_directory.hpp"

/// A master and a reader that have signed the bucket, and between them a relay that has not: it
/// passes proofs on, and what it forges goes no further.
namespace kigumi {
namespace {

constexpr std::string_view kBucket = "orders";
const RowKey kKey{"k", Type::kRegister, {}};

class SignedBucket : public testing::Test {
  protected:
    static constexpr ReplicatorNetwork::NodeId kMaster = 0, kRelay = 1, kReader = 2;

    void SetUp() override {
        ReplicatorOptions options;
        options.audit_ms = 20'000;
        for (int i = 0; i < 3; ++i) network_.add(options);
        network_.store(kMaster).sign_bucket(kBucket).value();
        network_.store(kReader).sign_bucket(kBucket).value();
        network_.connect(kMaster, kRelay, 5);
    }
    void connect_reader() { network_.connect(kRelay, kReader, 5); }
    void write(const std::string& value) { network_.write(kMaster, "k", value, kBucket); }
    Row row(ReplicatorNetwork::NodeId node) {
        return network_.store(node).read(kBucket)->get(kKey).value();
    }
    std::string text(ReplicatorNetwork::NodeId node, std::string_view bucket = kBucket) {
        auto snapshot = network_.store(node).read(bucket).value();
        const auto value = snapshot.reg("k").get().value();
        return value ? *value->get_if<std::string>() : "";
    }
    bool shows(ReplicatorNetwork::NodeId node, const std::string& value) {
        return network_.run_until([&] { return text(node) == value; }, 15'000);
    }
    /// The relay changes what it holds of the master's write.
    void alter_at_relay(const std::function<void(Write&)>& change) {
        const Row before = row(kRelay);
        ASSERT_EQ(before.size(), 1U);
        Row after;
        Write write = *before.begin();
        change(write);
        after.insert(std::move(write));
        auto tx = network_.store(kRelay).write(kBucket).value();
        tx.put(kKey, before, after).value();
        tx.commit().value();
    }
    /// The relay makes a write in the master's name, and it is news to everybody.
    void forge_at_relay(const std::string& value, Proof proof = {}) {
        VersionVector version = network_.version(kRelay, kBucket);
        const Dot dot = version.increment(network_.store(kMaster).replica().value());
        Row forged;
        forged.insert({dot, Hlc::at_ms(network_.now_ms()), Value(value), std::move(proof)});
        auto tx = network_.store(kRelay).write(kBucket).value();
        tx.join_row({kKey, forged}, version).value();
        tx.advance(version, {});
        tx.commit().value();
        network_.replicator(kRelay).local_commit();
    }
    std::uint64_t refused(ReplicatorNetwork::NodeId node) {
        return network_.replicator(node).status().counters.unproven;
    }
    std::size_t noted(ReplicatorNetwork::NodeId node, const std::string& event) {
        std::size_t found = 0;
        for (const auto& note : network_.notes(node)) found += note.event == event ? 1 : 0;
        return found;
    }

    ReplicatorNetwork network_;
};

TEST_F(SignedBucket, PassesThroughARelayThatHasNotSignedIt) {
    connect_reader();
    write("one");
    ASSERT_TRUE(shows(kReader, "one"));
    EXPECT_FALSE(row(kReader).begin()->proof.empty());
    EXPECT_EQ(row(kReader), row(kMaster));
    // The reader is a master as well.
    network_.write(kReader, "k", "two", kBucket);
    EXPECT_TRUE(shows(kMaster, "two"));
    EXPECT_EQ(refused(kReader) + refused(kMaster), 0U);
}

TEST_F(SignedBucket, TakesNoForgedPush) {
    connect_reader();
    write("one");
    ASSERT_TRUE(shows(kReader, "one"));
    forge_at_relay("forged");
    network_.run_for(10'000);
    EXPECT_EQ(text(kReader), "one");
    EXPECT_EQ(text(kMaster), "one");
    EXPECT_GT(refused(kReader), 0U);
    EXPECT_GT(noted(kReader, "write.refused"), 0U);
    for (const auto& note : network_.notes(kReader)) {
        if (note.event == "write.refused") {
            EXPECT_EQ(note.link, network_.link(kReader, kRelay).link);
        }
    }
    EXPECT_GT(network_.link(kReader, kRelay).breaker.error_rate, 0);
    EXPECT_FALSE(network_.closed(kReader, kRelay));
    // What is none of this bucket's business goes on.
    network_.write(kRelay, "k", "other", "elsewhere");
    EXPECT_TRUE(network_.run_until([&] { return text(kReader, "elsewhere") == "other"; }, 15'000));
}

TEST_F(SignedBucket, TakesNoWriteUnderTheProofOfAnother) {
    connect_reader();
    write("one");
    ASSERT_TRUE(shows(kReader, "one"));
    forge_at_relay("forged", row(kRelay).begin()->proof);
    network_.run_for(5'000);
    EXPECT_EQ(text(kReader), "one");
    EXPECT_GT(refused(kReader), 0U);
}

TEST_F(SignedBucket, TakesNothingAlteredByPull) {
    write("one");
    ASSERT_TRUE(shows(kRelay, "one"));
    alter_at_relay([](Write& write) { write.payload = Value("forged"); });
    connect_reader();
    network_.run_for(10'000);
    EXPECT_TRUE(network_.version(kReader, kBucket).empty());
    EXPECT_GT(refused(kReader), 0U);
    // By an honest way it comes all the same.
    network_.connect(kMaster, kReader, 5);
    ASSERT_TRUE(shows(kReader, "one"));
    write("two");
    EXPECT_TRUE(shows(kReader, "two"));
    EXPECT_TRUE(shows(kRelay, "two")) << "a later write of the master heals the relay as well";
}

TEST_F(SignedBucket, TakesNothingWithoutItsProof) {
    write("one");
    ASSERT_TRUE(shows(kRelay, "one"));
    alter_at_relay([](Write& write) { write.proof = {}; });
    connect_reader();
    network_.run_for(5'000);
    EXPECT_TRUE(network_.version(kReader, kBucket).empty());
    EXPECT_GT(refused(kReader), 0U);
}

TEST_F(SignedBucket, TakesNoWriteOfAMasterThatHasNotSignedIt) {
    connect_reader();
    network_.write(kRelay, "k", "unsigned", kBucket);
    network_.run_for(5'000);
    EXPECT_EQ(text(kReader), "");
    EXPECT_GT(refused(kReader), 0U);
}

TEST_F(SignedBucket, AuditsBringNothingForged) {
    connect_reader();
    write("one");
    ASSERT_TRUE(shows(kReader, "one"));
    {
        // The reader loses the row, and the relay offers another one in its place.
        const Row before = row(kReader);
        auto tx = network_.store(kReader).write(kBucket).value();
        tx.put(kKey, before, {}).value();
        tx.commit().value();
    }
    alter_at_relay([](Write& write) { write.payload = Value("forged"); });
    network_.run_for(60'000);
    EXPECT_EQ(text(kReader), "");
    EXPECT_GT(refused(kReader), 0U);
    network_.connect(kMaster, kReader, 5);
    EXPECT_TRUE(network_.run_until([&] { return text(kReader) == "one"; }, 60'000));
}

TEST_F(SignedBucket, IsImportedWithSoundProofsOnly) {
    const TempDirectory directory;
    write("one");
    ASSERT_TRUE(shows(kRelay, "one"));
    const auto honest = directory.path() / "honest", forged = directory.path() / "forged";
    bundle::write(network_.store(kRelay), honest).value();
    alter_at_relay([](Write& write) { write.time.bits += 1; });
    bundle::write(network_.store(kRelay), forged).value();
    const auto refused = bundle::import(network_.store(kReader), {forged});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt) << refused.error().message;
    EXPECT_TRUE(network_.version(kReader, kBucket).empty());
    bundle::import(network_.store(kReader), {honest}).value();
    EXPECT_EQ(text(kReader), "one");
}

/// A backup does not say that a bucket is signed, and has all that it takes to sign it again.
TEST_F(SignedBucket, CanBeSignedAgainAfterARestore) {
    const TempDirectory directory;
    write("one");
    const auto file = directory.path() / "bundle";
    bundle::write(network_.store(kMaster), file).value();
    std::string head(8, '\0');
    std::ifstream(file, std::ios::binary).read(head.data(), 8);
    EXPECT_EQ(head.back(), '\2') << "who knows no proofs has to refuse the bundle";
    bundle::restore({file}, directory.path() / "restored").value();
    const auto store = Store::open(directory.path() / "restored").value();
    EXPECT_FALSE(store->is_signed(kBucket).value());
    store->sign_bucket(kBucket).value();
    {
        auto tx = store->write(kBucket).value();
        tx.reg("k").assign("two").value();
        tx.commit().value();
    }
    EXPECT_TRUE(check::run(*store)->sound());
    const auto next = directory.path() / "next";
    bundle::write(*store, next).value();
    bundle::import(network_.store(kReader), {next}).value();
    EXPECT_EQ(text(kReader), "two");
}

TEST_F(SignedBucket, CanBeMadeOfOneWhoseWritesAllBearProofs) {
    write("one");
    ASSERT_TRUE(shows(kRelay, "one"));
    network_.store(kRelay).sign_bucket(kBucket).value();
    EXPECT_TRUE(network_.store(kRelay).is_signed(kBucket).value());
    network_.write(kRelay, "k", "two", kBucket);
    EXPECT_TRUE(shows(kMaster, "two"));
}

TEST_F(SignedBucket, CannotBeMadeOfOneWithOthers) {
    network_.write(kRelay, "k", "unsigned", kBucket);
    const auto refused = network_.store(kRelay).sign_bucket(kBucket);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(refused.error().message.find("no proof"), std::string::npos)
        << refused.error().message;
    EXPECT_FALSE(network_.store(kRelay).is_signed(kBucket).value());
}

TEST_F(SignedBucket, IsCheckedRowByRow) {
    write("one");
    EXPECT_TRUE(check::run(network_.store(kMaster))->sound());
    auto tx = network_.store(kMaster).write(kBucket).value();
    const Row before = tx.get(kKey).value();
    Write altered = *before.begin();
    altered.payload = Value("altered");
    Row after;
    after.insert(std::move(altered));
    tx.put(kKey, before, after).value();
    tx.commit().value();
    const auto report = check::run(network_.store(kMaster)).value();
    ASSERT_EQ(report.found, 1U);
    EXPECT_EQ(report.problems[0].kind, check::Kind::kUnprovenWrite);
    EXPECT_EQ(report.problems[0].at, kKey);
}

/// What was checked before the bucket was signed is not joined after.
TEST_F(SignedBucket, TakesNothingThatWasOnItsWayWhenItWasSigned) {
    write("one");
    ASSERT_TRUE(shows(kRelay, "one"));
    alter_at_relay([](Write& write) { write.payload = Value("forged"); });
    auto snapshot = network_.store(kRelay).read(kBucket).value();
    const Row forged = snapshot.get(kKey).value();
    const auto late = network_.add();
    Store& store = network_.store(late);
    EXPECT_FALSE(store.check_proofs(kBucket, {{kKey, forged}}).value());
    {
        // Staged by a pull that nobody will finish.
        auto tx = store.write(kBucket).value();
        tx.stage({kKey, forged}).value();
        tx.mark_staged("a mark").value();
        tx.commit().value();
    }
    store.sign_bucket(kBucket).value();
    {
        auto tx = store.write(kBucket).value();
        EXPECT_EQ(tx.expect_checked(false).error().code, ErrorCode::kBusy);
        EXPECT_TRUE(tx.expect_checked(true));
        EXPECT_FALSE(tx.staged(kKey).value());
    }
    EXPECT_EQ(store.check_proofs(kBucket, {{kKey, forged}}).error().code, ErrorCode::kCorrupt);
}

TEST(SignedStore, StaysSigned) {
    const TempDirectory directory;
    const auto at = directory.path() / "store";
    ReplicaId self;
    {
        const auto store = Store::open(at).value();
        self = store->replica().value();
        store->sign_bucket(kBucket).value();
        EXPECT_EQ(store->replica().value(), self);
        auto tx = store->write(kBucket).value();
        tx.set("s").add("x").value();
        tx.counter("n").add(2).value();
        tx.counter("n").reset().value();
        tx.counter("n").add(1).value();
        tx.commit().value();
        auto other = store->write("other").value();
        other.reg("k").assign("v").value();
        other.commit().value();
    }
    const auto store = Store::open(at).value();
    EXPECT_TRUE(store->is_signed(kBucket).value());
    EXPECT_FALSE(store->is_signed("other").value());
    EXPECT_FALSE(store->is_signed("nowhere").value());
    EXPECT_TRUE(check::run(*store)->sound());
    for (const std::string_view bucket : {kBucket, std::string_view("other")}) {
        auto snapshot = store->read(bucket).value();
        snapshot
            .scan({},
                  [&](const RowKey&, const Row& row) {
                      for (const Write& write : row)
                          EXPECT_EQ(write.proof.empty(), bucket != kBucket);
                      return true;
                  })
            .value();
    }
    store->sign_bucket(kBucket).value();
}

/// As an environment of an earlier version has it.
TEST(SignedStore, TakesAnIdentityWithAKeyIfItHasNone) {
    const auto env = std::make_shared<kv::MemoryEnv>();
    const ReplicaId old = *ReplicaId::from_hex("00112233445566778899aabbccddeeff");
    {
        const auto txn = env->begin_write().value();
        schema::put_identity(*txn, old, {}, nullptr).value();
        txn->commit().value();
    }
    const auto store = Store::over(env).value();
    const auto write = [&store](std::string_view bucket) {
        auto tx = store->write(bucket).value();
        tx.reg("k").assign("v").value();
        tx.commit().value();
    };
    write("other");
    EXPECT_EQ(store->replica().value(), old);
    store->sign_bucket(kBucket).value();
    EXPECT_NE(store->replica().value(), old);
    write("other");
    write(kBucket);
    EXPECT_EQ(store->read("other")->version()[old], 1U);
    EXPECT_EQ(store->read("other")->version().size(), 2U);
    EXPECT_TRUE(check::run(*store)->sound());
}

/// Nobody may write without a proof to a bucket that is signed.
TEST(SignedStore, TakesNoWriteIfItsIdentityHasNoKeyAfterAll) {
    const auto env = std::make_shared<kv::MemoryEnv>();
    const auto store = Store::over(env).value();
    store->sign_bucket(kBucket).value();
    {
        const auto txn = env->begin_write().value();
        const auto self = schema::replica(*txn).value().value();
        schema::put_identity(*txn, self, {}, nullptr).value();
        txn->commit().value();
    }
    auto tx = store->write(kBucket).value();
    const auto written = tx.reg("k").assign("v");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::kUnsupported) << written.error().message;
}

}  // namespace
}  // namespace kigumi
