#include "kigumi/replication/batch.hpp"

#include "kigumi/crdt/path.hpp"
#include "replication/row_generators.hpp"
#include "support/allocation_meter.hpp"

namespace kigumi {
namespace {

using namespace std::string_literals;

const ReplicaId a = replica(1);

Row row_of(Payload payload) {
    Row row;
    row.insert({{a, 1}, Hlc::at_ms(1), std::move(payload)});
    return row;
}

/// One of each kind of row and payload.
std::vector<KeyedRow> sample() {
    std::string member;
    path::append(member, Value(Array{1, "two"}));
    std::string leaf;
    path::append(leaf, Value("field"));
    path::append(leaf, Type::kCounter);
    Row siblings = row_of(Value(Object{{"a", Value(Array{Value(), true, -1, 0.5, "t"})}}));
    siblings.insert({{replica(2), 300}, Hlc::at_ms(2), Value(Bytes{"raw"})});
    siblings.insert(
        {{replica(3), 1}, Hlc::at_ms(2), Removed{}, *Proof::from_bytes(std::string(96, 'p'))});
    Row counted = row_of(Tally{70'000, 1});
    counted.insert({{replica(2), 2}, Hlc::at_ms(3), Reset{{{a, {5, 1}}, {replica(3), {9, 0}}}}});
    return {{{"r", Type::kRegister, {}}, siblings},
            {{"f", Type::kFlag, {}}, row_of(Value(true))},
            {{"s", Type::kSet, member}, row_of(Removed{})},
            {{"m", Type::kMap, leaf}, counted}};
}

void expect_refused(std::string_view bytes) {
    const auto decoded = decode_batch(bytes);
    ASSERT_FALSE(decoded) << json_string(bytes);
}

TEST(Batch, EmptyBatch) { EXPECT_TRUE(decode_batch(encode_batch({})).value().empty()); }

TEST(Batch, WriterStartsOverAfterFinish) {
    BatchWriter writer;
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(writer.rows(), 0U);
        for (const KeyedRow& keyed : sample()) writer.add(keyed);
        EXPECT_EQ(writer.rows(), sample().size());
        const std::size_t announced = writer.bytes();
        const std::string bytes = writer.finish();
        EXPECT_EQ(bytes, encode_batch(sample()));
        EXPECT_NEAR(static_cast<double>(announced), static_cast<double>(bytes.size()), 32);
    }
}

TEST(Batch, EveryTruncationIsAnError) {
    const std::string whole = encode_batch(sample());
    ASSERT_EQ(decode_batch(whole).value(), sample());
    for (std::size_t size = 0; size < whole.size(); ++size) expect_refused(whole.substr(0, size));
    expect_refused(whole + "\xC0");
    expect_refused(whole + whole);
}

TEST(Batch, EveryMutatedByteDecodesToSomethingSoundOrIsAnError) {
    const std::string whole = encode_batch(sample());
    std::size_t decoded_anyway = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (int change = 1; change < 256; ++change) {
            std::string bytes = whole;
            bytes[at] = static_cast<char>(bytes[at] ^ change);
            const auto decoded = decode_batch(bytes);
            if (!decoded) continue;
            ++decoded_anyway;
            ASSERT_EQ(decode_batch(encode_batch(*decoded)).value(), *decoded) << at;
        }
    }
    EXPECT_GT(decoded_anyway, 0U) << "changed keys and values are sound";
}

TEST(Batch, RefusesHugeAnnouncedLengths) {
    const std::string huge = "\xFF\xFF\xFF\xFF";
    AllocationMeter meter;
    for (const std::string& header : {"\xDD"s, "\xDF"s, "\xDB"s, "\xC6"s, "\xC9"s}) {
        expect_refused(header + huge);
        expect_refused("\x92\x90"s + header + huge);
        expect_refused("\x92"s + header + huge + "\x90"s);
        // A size that fits the rest of the text at first sight.
        expect_refused("\x92\x90"s + header + "\0\0\0\x40"s + std::string(0x40, '\x90'));
    }
    EXPECT_LT(meter.peak_bytes(), std::size_t{64} << 10);
}

TEST(Batch, RefusesNestedHeadersWithoutTakingMemory) {
    // 2.5 kB of these made a plain unpacker reserve 16 GB.
    std::string nested;
    for (int i = 0; i < 500; ++i) nested += "\xDD\0\0\xFF\xFF"s;
    AllocationMeter meter;
    expect_refused(nested);
    expect_refused("\x92\x90"s + nested);
    expect_refused("\x92\x90"s + std::string(100'000, '\x91'));
    expect_refused("\x92\x90"s + std::string(100'000, '\x81'));
    EXPECT_LT(meter.peak_bytes(), std::size_t{1} << 20);
}

TEST(Batch, MemoryIsAMultipleOfTheBytes) {
    // The densest text there is: a large array of one-byte values.
    const std::string bytes = encode_batch({{{"r", Type::kRegister, {}}, row_of(Array(100'000))}});
    AllocationMeter meter;
    EXPECT_TRUE(decode_batch(bytes));
    EXPECT_LT(meter.peak_bytes(), 200 * bytes.size());
    EXPECT_GT(meter.peak_bytes(), bytes.size()) << "the meter does not count";
}

TEST(Batch, RefusesWhatNoWriterCanHaveWritten) {
    const RowKey reg{"r", Type::kRegister, {}};
    const RowKey counter{"c", Type::kCounter, {}};
    expect_refused(encode_batch({{reg, Row()}}));
    expect_refused(encode_batch({{reg, row_of(Tally{1, 0})}}));
    expect_refused(encode_batch({{reg, row_of(Reset{})}}));
    expect_refused(encode_batch({{counter, row_of(Value(1))}}));
    expect_refused(encode_batch({{counter, row_of(Removed{})}}));
    expect_refused(encode_batch({{{"r", Type::kRegister, "\x01"}, row_of(Value(1))}}));
    expect_refused(encode_batch({{{"s", Type::kSet, {}}, row_of(Value())}}));
    expect_refused(encode_batch({{{"s", Type::kSet, "\x0B"}, row_of(Value())}}));
    expect_refused(
        encode_batch({{{std::string(kMaxKeyBytes + 1, 'k'), Type::kRegister, {}}, row_of(1)}}));
    Row unnumbered;
    unnumbered.insert({{a, 0}, Hlc::at_ms(1), Value(1)});
    expect_refused(encode_batch({{reg, unnumbered}}));
}

TEST(Batch, RefusesValuesBeyondTheLimits) {
    const RowKey at{"r", Type::kRegister, {}};
    const auto accepts = [&at](Value value) {
        return decode_batch(encode_batch({{at, row_of(std::move(value))}})).has_value();
    };
    Value deep;
    for (std::size_t i = 0; i < kMaxValueDepth; ++i) deep = Value(Array{deep});
    EXPECT_TRUE(accepts(deep));
    EXPECT_FALSE(accepts(Array{deep}));
    EXPECT_FALSE(accepts(Array{deep, deep}));
    Value empty_at_the_end = Value(Array{});
    for (std::size_t i = 0; i < kMaxValueDepth; ++i) empty_at_the_end = Array{empty_at_the_end};
    EXPECT_FALSE(accepts(empty_at_the_end));
    EXPECT_TRUE(accepts("木"));
    EXPECT_FALSE(accepts("\xFF"));
    EXPECT_FALSE(accepts(Object{{"\xFF", Value()}}));
    EXPECT_TRUE(accepts(std::string(kMaxValueBytes - 9, 'x')));
    EXPECT_FALSE(accepts(std::string(kMaxValueBytes, 'x')));
}

TEST(Batch, RefusesADotThatStandsTwice) {
    // One origin, one row at "r", two writes with the dot (0, 1).
    const std::string write = "\x95\x00\x01\x01\x01\xC0"s;
    const std::string head = "\x92\x91\xC4\x10"s + std::string(a.bytes());
    const std::string start = head + "\x91\x94\xC4\x01r\x01\xC4\x00"s;
    EXPECT_TRUE(decode_batch(start + "\x91"s + write));
    expect_refused(start + "\x92"s + write + write);
    const std::string unknown_origin = "\x95\x01\x01\x01\x01\xC0"s;
    expect_refused(start + "\x91"s + unknown_origin);
}

RC_GTEST_PROP(BatchLaws, RoundTrip, ()) {
    const auto rows = *generators::keyed_rows();
    const auto decoded = decode_batch(encode_batch(rows));
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == rows);
}

RC_GTEST_PROP(BatchLaws, DamagedBatchesNeverCrash, ()) {
    std::string bytes = encode_batch(*generators::keyed_rows());
    for (const auto& [where, byte] :
         *rc::gen::nonEmpty<std::vector<std::pair<std::uint16_t, char>>>())
        bytes[where % bytes.size()] = byte;
    if (const auto decoded = decode_batch(bytes))
        RC_ASSERT(decode_batch(encode_batch(*decoded)).value() == *decoded);
}

RC_GTEST_PROP(BatchLaws, NoiseNeverCrashes, ()) {
    const auto decoded = decode_batch("\x92" + *generators::raw_bytes());
    if (decoded) RC_ASSERT(decode_batch(encode_batch(*decoded)).has_value());
}

}  // namespace
}  // namespace kigumi
