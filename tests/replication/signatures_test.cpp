#include "signatures.hpp"

#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/store.hpp"
#include "replication/row_generators.hpp"
#include "schema.hpp"

namespace kigumi {
namespace {

constexpr std::string_view kBucket = "orders";

SigningKey::Seed seed_of(std::uint8_t first) {
    SigningKey::Seed seed{};
    for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(first + i);
    return seed;
}

const SigningKey& key() {
    static const SigningKey key(seed_of(1));
    return key;
}

/// A write as its origin made it, and where it stands.
struct Signed {
    RowKey at;
    Write write;
};

rc::Gen<Signed> any_signed() {
    return rc::gen::map(generators::keyed_row(), [](const KeyedRow& keyed) {
        Signed made{keyed.at, *keyed.row.begin()};
        made.write.dot.origin = key().replica();
        made.write.proof = key().prove(kBucket, made.at, made.write);
        return made;
    });
}

std::ostream& operator<<(std::ostream& out, const Signed& made) {
    Row row;
    row.insert(made.write);
    return out << KeyedRow{made.at, row};
}

Flaw flaw_in(const Signed& made) { return flaw_of(kBucket, made.at, made.write); }

std::string hex(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        out += kDigits[static_cast<unsigned char>(c) >> 4];
        out += kDigits[static_cast<unsigned char>(c) & 0xF];
    }
    return out;
}

RC_GTEST_PROP(Signatures, ProveWhatWasWritten, ()) {
    const Signed made = *any_signed();
    RC_ASSERT(flaw_in(made) == Flaw::kNone);
}

RC_GTEST_PROP(Signatures, SurviveTheWayThroughABatch, ()) {
    const Signed made = *any_signed();
    Row row;
    row.insert(made.write);
    const auto arrived = decode_batch(encode_batch({{made.at, row}})).value();
    const Write& write = *arrived.at(0).row.begin();
    RC_ASSERT(write == made.write);
    RC_ASSERT(flaw_of(kBucket, arrived[0].at, write) == Flaw::kNone);
}

RC_GTEST_PROP(Signatures, FitNoOtherPayload, ()) {
    Signed made = *any_signed();
    const Payload before = made.write.payload;
    made.write.payload = *rc::gen::suchThat(
        rc::gen::map(generators::keyed_row(),
                     [](const KeyedRow& other) { return other.row.begin()->payload; }),
        [&before](const Payload& payload) { return !(payload == before); });
    RC_ASSERT(flaw_in(made) == Flaw::kWrongSignature);
}

RC_GTEST_PROP(Signatures, FitNoOtherRow, ()) {
    Signed made = *any_signed();
    const RowKey before = made.at;
    const auto others = rc::gen::map(generators::keyed_row(), [](KeyedRow row) { return row.at; });
    made.at = *rc::gen::suchThat(others, [&before](const RowKey& at) { return !(at == before); });
    RC_ASSERT(flaw_in(made) == Flaw::kWrongSignature);
}

RC_GTEST_PROP(Signatures, FitNoOtherDotTimeOrBucket, ()) {
    const Signed made = *any_signed();
    const std::uint64_t flip = std::uint64_t{1} << *rc::gen::inRange(0, 64);
    Signed altered = made;
    altered.write.dot.counter ^= flip;
    RC_ASSERT(flaw_in(altered) == Flaw::kWrongSignature);
    altered = made;
    altered.write.time.bits ^= flip;
    RC_ASSERT(flaw_in(altered) == Flaw::kWrongSignature);
    altered = made;
    altered.write.dot.origin = SigningKey(seed_of(2)).replica();
    RC_ASSERT(flaw_in(altered) == Flaw::kKeyOfAnother);
    RC_ASSERT(flaw_of("order", made.at, made.write) == Flaw::kWrongSignature);
    RC_ASSERT(flaw_of("", made.at, made.write) == Flaw::kWrongSignature);
}

RC_GTEST_PROP(Signatures, BreakWithAnyBitOfTheProof, ()) {
    Signed made = *any_signed();
    std::string proof(made.write.proof.bytes());
    const auto at = *rc::gen::inRange<std::size_t>(0, proof.size());
    proof[at] = static_cast<char>(proof[at] ^ (1 << *rc::gen::inRange(0, 8)));
    made.write.proof = *Proof::from_bytes(proof);
    RC_ASSERT(flaw_in(made) == (at < 32 ? Flaw::kKeyOfAnother : Flaw::kWrongSignature));
}

TEST(Signatures, NeedAProof) {
    Write write{{key().replica(), 1}, Hlc{1}, Value(1)};
    const RowKey at{"k", Type::kRegister, {}};
    EXPECT_EQ(flaw_of(kBucket, at, write), Flaw::kNoProof);
    const auto refused = check_proof(kBucket, at, write);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
    for (const std::string& part : {write.dot.text(), std::string("\"orders\""), std::string("k")})
        EXPECT_NE(refused.error().message.find(part), std::string::npos) << refused.error().message;
}

TEST(Signatures, OfAnotherKeyProveNothing) {
    Write write{{key().replica(), 1}, Hlc{1}, Value(1)};
    const RowKey at{"k", Type::kRegister, {}};
    write.proof = SigningKey(seed_of(2)).prove(kBucket, at, write);
    EXPECT_EQ(flaw_of(kBucket, at, write), Flaw::kKeyOfAnother);
}

/// The bytes of docs/format/rows.md. Made once, and checked with another implementation of Ed25519
/// and BLAKE2b: other bytes would make every proof that exists worthless.
TEST(Signatures, HaveTheBytesTheyAlwaysHad) {
    EXPECT_EQ(key().replica().hex(), "6bb80f9094de13b7e638b16b10c27eb1");
    const RowKey at{"cart", Type::kSet, std::string("\x06milk\0", 6)};
    Write write{{key().replica(), 7}, Hlc{0x0123456789ABCDEF}, Value("fresh")};
    EXPECT_EQ(hex(key().prove(kBucket, at, write).bytes()),
              "79b5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad049664"
              "3860e46fd34696321d357de0caadc186be2a443c8faf17574a73713dff6ef592"
              "883c1f5efecfe73868dc577b331f08a5cd4807497a0d5494cbe966707e905c09");
    write.payload = Tally{5, 2};
    EXPECT_EQ(hex(key().prove(kBucket, at, write).bytes().substr(32)),
              "401e9893c5ce95e59ddf52b7b8042f312338c23381211a12c38561d5f3491fd8"
              "67c9dffdbcb34a3a59e184711724b8eca532e34b0a6d7f985bbcb809c6b85f0e");
    write.payload = Reset{{{key().replica(), {5, 2}}}};
    EXPECT_EQ(hex(key().prove(kBucket, at, write).bytes().substr(32)),
              "23319a16f1ceab279fc4bffbb635365a719ad937648db37bf9563120815b9217"
              "b2a1d7f058051ee47b37e5245d4aa1f2b38072e86cd253ab5538c45579e3cb0e");
    write.payload = Removed{};
    EXPECT_EQ(hex(key().prove(kBucket, at, write).bytes().substr(32)),
              "a345d55c6dc610bc7fb0943a5ad1a52e7a90e154b6e1f5c66ff28e4160afa65a"
              "a6d9ca439c6819ff5d9e9f7d2608a7489db572a4ec921a114903ca7005225609");
}

TEST(Identity, ComesWithAKeyThatOnlyTheEnvironmentKnows) {
    const auto env = std::make_shared<kv::MemoryEnv>();
    const auto store = Store::over(env).value();
    const ReplicaId first = store->replica().value();
    const auto stored = [&env] { return schema::signing_key(*env->begin_read().value()).value(); };
    ASSERT_TRUE(stored());
    EXPECT_EQ(stored()->replica(), first);
    const ReplicaId second = store->renew_identity(first).value();
    ASSERT_TRUE(stored());
    EXPECT_EQ(stored()->replica(), second);
    EXPECT_NE(first, second);
}

TEST(Identity, OfAnEarlierVersionHasNoKey) {
    const auto env = std::make_shared<kv::MemoryEnv>();
    const auto put = [&env](const ReplicaId& id, const SigningKey* key) {
        auto txn = env->begin_write().value();
        schema::put_identity(*txn, id, {}, key).value();
        txn->commit().value();
    };
    const auto has_key = [&env] {
        return schema::signing_key(*env->begin_read().value()).value().has_value();
    };
    put(replica(1), nullptr);
    EXPECT_FALSE(has_key());
    put(key().replica(), &key());
    EXPECT_TRUE(has_key());
    // An earlier version took another identity, and knew nothing of the seed.
    put(replica(1), &key());
    EXPECT_FALSE(has_key());
}

}  // namespace
}  // namespace kigumi
