#include "kigumi/crdt/path.hpp"

#include "support/value_generators.hpp"

namespace kigumi {
namespace {

std::string element(const Value& value) {
    std::string path;
    path::append(path, value);
    return path;
}

TEST(Path, ValuesFollowOneAnotherAndEndVisibly) {
    std::string path;
    path::append(path, Value("field"));
    path::append(path, Type::kSet);
    path::append(path, Value(-5));
    std::string_view rest = path;
    EXPECT_EQ(path::take_value(rest).value(), Value("field"));
    EXPECT_EQ(path::take_leaf(rest).value(), Type::kSet);
    EXPECT_EQ(path::take_value(rest).value(), Value(-5));
    EXPECT_TRUE(rest.empty());
}

TEST(Path, AnElementIsAPrefixOfNoOtherButOfItsEscapes) {
    const std::vector<Value> all = {Value(),
                                    Value(""),
                                    Value(std::string(1, '\0')),
                                    Value("a"),
                                    Value(std::string("a\0", 2)),
                                    Value(std::string("a\0b", 3)),
                                    Value(Array{}),
                                    Value(Array{Value()}),
                                    Value(Array{Value(Array{})}),
                                    Value(Object{}),
                                    Value(Object{{"", Value()}}),
                                    Value(Bytes{}),
                                    Value(0)};
    for (const Value& x : all)
        for (const Value& y : all)
            EXPECT_EQ((RowKey{"k", Type::kSet, element(x)}.under({"k", Type::kSet, element(y)})),
                      x == y)
                << x << " " << y;
}

TEST(Path, KindsSortNilBoolNumberTextBytesArrayObject) {
    const std::vector<Value> sorted = {Value(),        Value(false),   Value(true),
                                       Value(7),       Value(0.5),     Value("z"),
                                       Value(Bytes{}), Value(Array{}), Value(Object{})};
    for (std::size_t i = 1; i < sorted.size(); ++i)
        EXPECT_LT(element(sorted[i - 1]), element(sorted[i])) << sorted[i];
}

TEST(Path, RefusesMalformedElements) {
    const auto refuses = [](std::string_view path) {
        std::string_view rest = path;
        EXPECT_FALSE(path::element_length(path)) << json_string(path);
        EXPECT_FALSE(path::take_value(rest)) << json_string(path);
    };
    refuses("");
    refuses(std::string_view("\x00", 1));
    refuses("\x0B");
    refuses("\xFF");
    refuses("\x04short");
    refuses("\x06no end");
    refuses(std::string_view("\x06zero\0\xFF", 7));
    refuses("\x08");
    refuses("\x08\x01");
    refuses(std::string_view("\x09\x01\0", 3));
    refuses(std::string_view("\x09\x06name\0", 7));
    refuses(std::string_view("\x09\x06name\0\0", 8));
}

TEST(Path, LeavesAreKnownTypes) {
    for (const char wrong : {'\0', '\x06', '\xFF'}) {
        const std::string path = std::string("\x0A") + wrong;
        std::string_view rest = path;
        EXPECT_FALSE(path::take_leaf(rest));
        EXPECT_FALSE(path::element_length(path));
    }
    std::string_view cut = "\x0A";
    EXPECT_FALSE(path::take_leaf(cut));
    EXPECT_EQ(path::element_length("\x0A\x05").value(), 2U);
}

TEST(Path, NestingIsBounded) {
    const std::string deep(1'000'000, '\x08');
    EXPECT_FALSE(path::element_length(deep));
    Value value;
    for (std::size_t i = 0; i < kMaxValueDepth; ++i) value = Value(Array{value});
    const std::string path = element(value);
    EXPECT_EQ(path::element_length(path).value(), path.size());
}

RC_GTEST_PROP(PathLaws, RoundTrip, ()) {
    const Value value = *generators::value();
    const Value after = *generators::value(1);
    std::string path;
    path::append(path, value);
    const std::size_t length = path.size();
    path::append(path, after);
    RC_ASSERT(path::element_length(path).value() == length);
    std::string_view rest = path;
    RC_ASSERT(path::take_value(rest).value() == value);
    RC_ASSERT(rest.size() == path.size() - length);
    RC_ASSERT(path::take_value(rest).value() == after);
    RC_ASSERT(rest.empty());
}

RC_GTEST_PROP(PathLaws, EscapedBytesRoundTripAndKeepTheirOrder, ()) {
    const std::string x = *generators::raw_bytes();
    const std::string y = *generators::raw_bytes();
    std::string ex;
    std::string ey;
    path::append_escaped(ex, x);
    path::append_escaped(ey, y);
    std::string_view rest = ex;
    RC_ASSERT(path::take_escaped(rest).value() == x);
    RC_ASSERT(rest.empty());
    RC_ASSERT((ex < ey) == (x < y));
}

RC_GTEST_PROP(PathLaws, ByteOrderIsValueOrderWithinAKind, ()) {
    const auto [i, j] = *rc::gen::arbitrary<std::pair<std::int64_t, std::int64_t>>();
    RC_ASSERT((element(i) < element(j)) == (i < j));
    const double x = *generators::number();
    const double y = *generators::number();
    if (x != y) RC_ASSERT((element(x) < element(y)) == (x < y));
    const std::string s = *generators::text();
    const std::string t = *generators::text();
    RC_ASSERT((element(s) < element(t)) == (s < t));
    RC_ASSERT((element(Bytes{s}) < element(Bytes{t})) == (s < t));
    const auto numbers =
        rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(-2, 3));
    const auto v = *numbers;
    const auto w = *numbers;
    RC_ASSERT((element(Array(v.begin(), v.end())) < element(Array(w.begin(), w.end()))) == (v < w));
}

RC_GTEST_PROP(PathLaws, NoBytesCrashItAndWhatIsTakenIsConsumed, ()) {
    const auto piece = rc::gen::oneOf(
        generators::raw_bytes(), rc::gen::map(generators::value(2), element),
        rc::gen::map(rc::gen::inRange<char>(0, 12), [](char tag) { return std::string(1, tag); }));
    std::string path;
    for (const auto& part : *rc::gen::container<std::vector<std::string>>(piece)) path += part;
    std::string_view rest = path;
    const auto value = path::take_value(rest);
    const auto length = path::element_length(path);
    RC_CLASSIFY(value.has_value());
    if (value) RC_ASSERT(length.value() == path.size() - rest.size());
    for (const Type type : {Type::kRegister, Type::kFlag, Type::kSet, Type::kMap, Type::kCounter}) {
        const RowKey at{"key", type, path};
        static_cast<void>(check_row_key(at).has_value());
        static_cast<void>(leaf_type(at));
        static_cast<void>(path_json(at));
    }
}

}  // namespace
}  // namespace kigumi
