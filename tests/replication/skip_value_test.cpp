#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec.hpp"
#include "support/value_generators.hpp"

namespace kigumi {
namespace {

bool can_be_read(const std::string& bytes) {
    auto reader = MsgpackReader::parse(bytes);
    if (!reader) return false;
    const Value value = codec::read_value(*reader);
    return reader->finish("a value") && check_writable(value);
}

bool can_be_skipped(const std::string& bytes) {
    auto reader = MsgpackReader::parse(bytes);
    if (!reader) return false;
    codec::skip_value(*reader);
    return reader->finish("a value").has_value();
}

std::string encoded(const Value& value) {
    codec::Buffer buffer;
    codec::Packer packer(buffer);
    codec::write_value(packer, value);
    return std::move(buffer.bytes);
}

Value nested(std::size_t depth) {
    Value value(std::int64_t{1});
    for (std::size_t i = 0; i < depth; ++i) value = Value(Array{value});
    return value;
}

RC_GTEST_PROP(SkipValue, PassesWhatCanBeReadAndNothingElse, ()) {
    std::string bytes = encoded(*generators::value());
    RC_ASSERT(can_be_skipped(bytes));
    // Wrong in a few bytes it is often msgpack still, but not always a value.
    for (unsigned left = *rc::gen::inRange(1U, 4U); left > 0; --left)
        bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    RC_CLASSIFY(can_be_read(bytes));
    RC_ASSERT(can_be_skipped(bytes) == can_be_read(bytes));
}

TEST(SkipValue, KnowsTheLimitsOfAValue) {
    const std::vector<Value> values = {
        nested(kMaxValueDepth),
        nested(kMaxValueDepth + 1),
        Value(std::string(kMaxValueBytes - 9, 'x')),
        Value(std::string(kMaxValueBytes - 8, 'x')),
        Value(Bytes{std::string(kMaxValueBytes - 9, 'x')}),
        Value(Bytes{std::string(kMaxValueBytes - 8, 'x')}),
        Value(Object{{std::string(kMaxValueBytes - 9 - 5 - 9, 'x'), Value()}}),
        Value(Object{{std::string(kMaxValueBytes - 9 - 5 - 8, 'x'), Value()}}),
        Value("\xFF"),
    };
    for (std::size_t i = 0; i < values.size(); ++i)
        EXPECT_EQ(can_be_skipped(encoded(values[i])), can_be_read(encoded(values[i]))) << i;
    EXPECT_TRUE(can_be_skipped(encoded(values[0])));
    EXPECT_FALSE(can_be_skipped(encoded(values[1])));
    EXPECT_TRUE(can_be_skipped(encoded(values[2])));
    EXPECT_FALSE(can_be_skipped(encoded(values[3])));
}

TEST(SkipValue, RefusesAnIntegerThatNoValueHolds) {
    EXPECT_FALSE(can_be_skipped(std::string("\xCF\x80\0\0\0\0\0\0\0", 9)));
    EXPECT_FALSE(can_be_skipped(std::string("\x82\xA1\x62\x01\xA1\x61\x01", 7)));
}

}  // namespace
}  // namespace kigumi
