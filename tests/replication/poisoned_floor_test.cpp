#include <gtest/gtest.h>

#include "big_endian.hpp"
#include "bundle/stream.hpp"
#include "kigumi/replication/bundle.hpp"
#include "kigumi/replication/check.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "overlay.hpp"
#include "protocol/push.hpp"
#include "schema.hpp"
#include "support/temp_directory.hpp"
#include "support/value_generators.hpp"

/// A store whose floor or horizon names events that its version does not cover, as versions before
/// this one took it from a peer that lied.
namespace kigumi {
namespace {

using check::Kind;
using kv::Table;

constexpr std::uint64_t kNever = ~std::uint64_t{0};

class PoisonedFloor : public testing::Test {
  protected:
    void SetUp() override {
        assign("a", 1);
        assign("b", 2);
        ASSERT_TRUE(check::run(*store_)->sound());
    }
    void assign(const std::string& key, const Value& value) {
        auto tx = store_->write().value();
        tx.reg(key).assign(value).value();
        tx.commit().value();
    }
    /// Writes the record of the clock, behind the store's back.
    void poison(std::uint64_t floor, std::uint64_t horizon) {
        auto txn = env_->begin_write().value();
        std::string key = schema::bucket_prefix(1);
        append_u32(key, 0);
        auto entry = schema::read_clock_entry(txn->get(Table::kClock, key).value().value()).value();
        entry.floor = floor;
        entry.horizon = horizon;
        txn->put(Table::kClock, key, schema::write_clock_entry(entry)).value();
        txn->commit().value();
    }
    /// What the protocol sends of the last write, if it can send it as a push.
    bool can_push() {
        auto snapshot = store_->read().value();
        VersionVector base;
        base.raise(self_, snapshot.version()[self_] - 1);
        return make_push(snapshot, std::string(kDefaultBucket), base, 1 << 20).value().has_value();
    }

    std::shared_ptr<kv::MemoryEnv> env_ = std::make_shared<kv::MemoryEnv>();
    std::unique_ptr<Store> store_ = Store::over(env_).value();
    ReplicaId self_ = store_->replica().value();
    TempDirectory directory_;
};

TEST_F(PoisonedFloor, IsNamedAndHealed) {
    for (const auto& [floor, horizon] :
         {std::pair(kNever, std::uint64_t{0}), std::pair(std::uint64_t{0}, kNever),
          std::pair(std::uint64_t{3}, std::uint64_t{3})}) {
        poison(floor, horizon);
        const auto report = check::run(*store_).value();
        ASSERT_EQ(report.problems.size(), 1U);
        EXPECT_EQ(report.problems[0].kind, Kind::kFloorAboveVersion);
        EXPECT_EQ(report.problems[0].bucket, kDefaultBucket);
        EXPECT_EQ(check::name_of(report.problems[0].kind), "floor_above_version");
        EXPECT_EQ(report.problems[0].dot, (Dot{self_, std::max(floor, horizon)}));
        EXPECT_NE(check::describe(report.problems[0]).find(self_.hex()), std::string::npos);
        const auto repaired = check::repair(*store_, {}).value();
        EXPECT_EQ(repaired.found, 1U);
        EXPECT_TRUE(repaired.sound());
        EXPECT_EQ(check::run(*store_)->found, 0U);
        const auto snapshot = store_->read().value();
        EXPECT_TRUE(snapshot.version().covers(snapshot.floor()));
        EXPECT_TRUE(snapshot.version().covers(snapshot.horizon()));
        EXPECT_EQ(snapshot.version()[self_], 2U);
    }
}

TEST_F(PoisonedFloor, IsReadAsFarAsTheVersionGoesSoThatPushesGoOn) {
    poison(kNever, kNever);
    EXPECT_EQ(store_->read()->floor(), store_->read()->version());
    EXPECT_EQ(store_->read()->horizon(), store_->read()->version());
    assign("c", 3);
    EXPECT_TRUE(can_push());
    EXPECT_EQ(check::run(*store_)->found, 0U) << "the next event of the origin heals it";
}

TEST_F(PoisonedFloor, OfAStoreIsNotPassedOnByABundle) {
    poison(kNever, kNever);
    const auto file = directory_.path() / "bundle";
    bundle::write(*store_, file).value();
    const auto summary = bundle::verify(file).value();
    EXPECT_TRUE(summary.cuts.at(0).version.covers(summary.cuts.at(0).floor));
    bundle::restore({file}, directory_.path() / "restored").value();
    const auto restored = Store::open(directory_.path() / "restored").value();
    EXPECT_TRUE(check::run(*restored)->sound());
    EXPECT_EQ(restored->read()->reg("b").get().value(), Value(2));
}

/// A bundle as earlier versions wrote it of a poisoned store.
void write_poisoned(const std::filesystem::path& file, const ReplicaId& origin) {
    const auto sized = [](const codec::Buffer& part) {
        std::string bytes;
        append_u32(bytes, static_cast<std::uint32_t>(part.bytes.size()));
        return bytes + part.bytes;
    };
    codec::Buffer head;
    codec::Packer packer(head);
    packer.pack_array(2);
    codec::pack_bytes(packer, origin.bytes());
    packer.pack_uint64(1);
    codec::Buffer bucket;
    codec::Packer fields(bucket);
    fields.pack_array(5);
    codec::pack_text(fields, kDefaultBucket);
    codec::write_vector(fields, {});
    codec::write_vector(fields, {{origin, 2}});
    codec::write_vector(fields, {{origin, kNever}});
    fields.pack_array(1);
    codec::pack_bytes(fields, origin.bytes());
    std::string stream = sized(head);
    stream += static_cast<char>(bundle::Item::kBucket);
    stream += sized(bucket);
    stream += static_cast<char>(bundle::Item::kEnd);
    stream += std::string(16, '\0');
    const auto out = bundle::BlockWriter::create(file, bundle::Format::kPlain).value();
    out->write(stream).value();
    static_cast<void>(out->seal().value());
    out->publish().value();
}

TEST_F(PoisonedFloor, InABundleOfAnEarlierVersionIsRefusedByName) {
    const auto file = directory_.path() / "poisoned";
    write_poisoned(file, self_);
    const auto expect_refused = [](const auto& result) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::kCorrupt);
        EXPECT_NE(result.error().message.find("floor is above its version"), std::string::npos)
            << result.error().message;
        EXPECT_NE(result.error().message.find("check --repair"), std::string::npos);
    };
    expect_refused(bundle::inspect(file));
    expect_refused(bundle::import(*store_, {file}));
    expect_refused(bundle::restore({file}, directory_.path() / "restored"));
    EXPECT_EQ(store_->read()->floor(), VersionVector());
}

TEST_F(PoisonedFloor, IsNotTakenFromAPeer) {
    const ReplicaId peer = replica(7);
    {
        auto tx = store_->write().value();
        tx.advance({{peer, 3}}, {{peer, 4}});
        const auto committed = tx.commit();
        ASSERT_FALSE(committed);
        EXPECT_EQ(committed.error().code, ErrorCode::kCorrupt);
        EXPECT_NE(committed.error().message.find(Dot{peer, 4}.text()), std::string::npos);
    }
    {
        auto tx = store_->write().value();
        const auto over = tx.lay_over({{peer, 3}}, {{self_, kNever}}, true, Hlc());
        ASSERT_FALSE(over);
        EXPECT_EQ(over.error().code, ErrorCode::kCorrupt);
        EXPECT_FALSE(tx.commit());
    }
    EXPECT_EQ(store_->read()->version()[peer], 0U) << "nothing of it is kept";
    EXPECT_EQ(store_->read()->floor(), VersionVector());
    auto tx = store_->write().value();
    tx.advance({{peer, 3}}, {{peer, 3}, {self_, 1}});
    tx.commit().value();
    EXPECT_EQ(store_->read()->floor(), (VersionVector{{peer, 3}, {self_, 1}}));
}

TEST_F(PoisonedFloor, InAStoredOverlayIsRefused) {
    auto txn = env_->begin_write().value();
    overlay::put(*txn, 1, {{{self_, 2}}, {{self_, kNever}}, true, {}}).value();
    txn->commit().value();
    const auto snapshot = store_->read();
    ASSERT_FALSE(snapshot);
    EXPECT_EQ(snapshot.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(snapshot.error().message.find("being folded in"), std::string::npos);
    EXPECT_FALSE(store_->write());
}

}  // namespace
}  // namespace kigumi
