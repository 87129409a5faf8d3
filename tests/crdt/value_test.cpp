#include "kigumi/crdt/value.hpp"

#include <limits>
#include <string>

#include "support/value_generators.hpp"

namespace kigumi {
namespace {

using namespace std::string_literals;

Value nested(std::size_t levels) {
    Value value;
    for (std::size_t i = 0; i < levels; ++i) value = Value(Array{value});
    return value;
}

TEST(Value, KeepsTheTypeItWasMadeFrom) {
    EXPECT_TRUE(Value().is_nil());
    EXPECT_TRUE(Value(nullptr).is_nil());
    EXPECT_NE(Value(true).get_if<bool>(), nullptr);
    EXPECT_NE(Value(1).get_if<std::int64_t>(), nullptr);
    EXPECT_NE(Value(1U).get_if<std::int64_t>(), nullptr);
    EXPECT_NE(Value(1.0).get_if<double>(), nullptr);
    EXPECT_NE(Value("text").get_if<std::string>(), nullptr);
    EXPECT_NE(Value(Bytes{"raw"}).get_if<Bytes>(), nullptr);
    EXPECT_NE(Value(Array{}).get_if<Array>(), nullptr);
    EXPECT_NE(Value(Object{}).get_if<Object>(), nullptr);
    EXPECT_EQ(Value("text").get_if<Bytes>(), nullptr);
}

TEST(Value, EqualityTellsTypesApart) {
    const std::vector<Value> all = {Value(),
                                    Value(false),
                                    Value(true),
                                    Value(0),
                                    Value(1),
                                    Value(0.0),
                                    Value(-0.0),
                                    Value(1.0),
                                    Value(""),
                                    Value(Bytes{""}),
                                    Value(Array{}),
                                    Value(Object{}),
                                    Value("a"),
                                    Value(Bytes{"a"}),
                                    Value(Array{Value()}),
                                    Value("a\0"s),
                                    Value(Object{{"", Value()}})};
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = 0; j < all.size(); ++j)
            EXPECT_EQ(all[i] == all[j], i == j) << i << " " << j;
}

TEST(Value, EqualityIsReflexiveForNan) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(Value(nan), Value(nan));
    EXPECT_EQ(Value(Array{nan}), Value(Array{nan}));
    EXPECT_NE(Value(nan), Value(-nan));
}

TEST(Value, NestingIsLimitedTo16Levels) {
    EXPECT_TRUE(check_writable(nested(kMaxValueDepth)));
    const auto refused = check_writable(nested(kMaxValueDepth + 1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    Value object;
    for (std::size_t i = 0; i <= kMaxValueDepth; ++i) object = Value(Object{{"in", object}});
    EXPECT_FALSE(check_writable(object));
}

TEST(Value, SizeIsLimitedTo1MiB) {
    EXPECT_TRUE(check_writable(std::string(kMaxValueBytes - 9, 'x')));
    EXPECT_FALSE(check_writable(std::string(kMaxValueBytes, 'x')));
    EXPECT_FALSE(check_writable(Bytes{std::string(kMaxValueBytes, 'x')}));
    EXPECT_FALSE(check_writable(Array(kMaxValueBytes / 8)));
    EXPECT_FALSE(check_writable(Object{{std::string(kMaxValueBytes, 'x'), Value()}}));
    // Parts that fit alone and not together.
    const std::string half(kMaxValueBytes / 2, 'x');
    EXPECT_TRUE(check_writable(Array{Value(half)}));
    EXPECT_FALSE(check_writable(Array{Value(half), Value(half)}));
}

TEST(Value, TextMustBeUtf8AndBytesNeedNot) {
    EXPECT_FALSE(check_writable("\xFF"));
    EXPECT_FALSE(check_writable(Array{Value("\xC3")}));
    EXPECT_FALSE(check_writable(Object{{"\x80", Value()}}));
    EXPECT_TRUE(check_writable(Bytes{"\xFF"}));
}

TEST(Utf8, AcceptsTheEndsOfEachLength) {
    for (const char* good :
         {"", "\x01", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
          "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "木組み"})
        EXPECT_TRUE(is_utf8(good)) << good;
    EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
}

TEST(Utf8, RefusesOverlongSurrogatesCutAndStray) {
    for (const char* bad :
         {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2x", "\xE0\x9F\xBF", "\xE0\xA0",
          "\xED\xA0\x80", "\xED\xBF\xBF", "\xEF\xBF", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80",
          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF", "a\x80", "\xC2\x80\x80"})
        EXPECT_FALSE(is_utf8(bad)) << bad;
}

RC_GTEST_PROP(ValueLaws, GeneratedValuesMayBeWritten, ()) {
    const Value value = *generators::value();
    RC_ASSERT(check_writable(value).has_value());
    RC_ASSERT(value == Value(value));
}

}  // namespace
}  // namespace kigumi
