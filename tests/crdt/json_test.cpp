#include "kigumi/crdt/json.hpp"

#include <limits>

#include "support/value_generators.hpp"

namespace kigumi {
namespace {

void expect_refused(std::string_view text, std::string_view why) {
    const auto parsed = from_json(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(parsed.error().message.find(why), std::string::npos)
        << text << ": " << parsed.error().message;
}

std::string nested_text(std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
}

TEST(Json, ReadsEachKind) {
    EXPECT_EQ(from_json("null").value(), Value());
    EXPECT_EQ(from_json(" true ").value(), Value(true));
    EXPECT_EQ(from_json("-12").value(), Value(-12));
    EXPECT_EQ(from_json("1.0").value(), Value(1.0));
    EXPECT_EQ(from_json("1e3").value(), Value(1000.0));
    EXPECT_EQ(from_json("-0.0").value(), Value(-0.0));
    EXPECT_EQ(from_json("\"a\\u0000\\u00e9\"").value(), Value(std::string("a\0\xC3\xA9", 4)));
    EXPECT_EQ(from_json(R"({"$bytes":"00ff"})").value(), Value(Bytes{std::string("\0\xFF", 2)}));
    EXPECT_EQ(from_json(R"([1,{"a":[]}])").value(),
              Value(Array{Value(1), Value(Object{{"a", Value(Array{})}})}));
    EXPECT_EQ(from_json("{}").value(), Value(Object{}));
}

TEST(Json, IntegersAre64SignedBits) {
    EXPECT_EQ(from_json("9223372036854775807").value(),
              Value(std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(from_json("-9223372036854775808").value(),
              Value(std::numeric_limits<std::int64_t>::min()));
    expect_refused("9223372036854775808", "64 signed bits");
    expect_refused("18446744073709551615", "64 signed bits");
}

TEST(Json, WritesMembersInOrderOnOneLine) {
    EXPECT_EQ(to_json(Object{{"b", Value(1)}, {"a", Value("x\n")}}), R"({"a":"x\n","b":1})");
    EXPECT_EQ(to_json(Bytes{std::string("\0\xFF", 2)}), R"({"$bytes":"00ff"})");
    EXPECT_EQ(to_json(Array{}), "[]");
    EXPECT_EQ(to_json(Value(1.0)), "1.0");
}

TEST(Json, WritesWhatJsonCannotSay) {
    EXPECT_EQ(to_json(std::numeric_limits<double>::quiet_NaN()), "null");
    EXPECT_EQ(to_json(std::numeric_limits<double>::infinity()), "null");
    EXPECT_TRUE(is_utf8(to_json(Value("a\xFF"))));
    EXPECT_TRUE(from_json(to_json(Value("a\xFF"))));
}

TEST(Json, RefusesWhatIsNoJsonAndNamesThePlace) {
    for (const char* bad :
         {"", " ", "[", "]", "{", "[1,]", "{\"a\":}", "{a:1}", "nul", "01", "1 2", "\"a", "\"\\x\"",
          "\"\xFF\"", "NaN", "Infinity", "'a'", "[1 2]", "1e999"})
        expect_refused(bad, "at character");
}

TEST(Json, RefusesMembersThatStandTwice) {
    expect_refused(R"({"a":1,"b":2,"a":3})", "\"a\" stands twice");
    expect_refused(R"([{"x":{"":1,"":1}}])", "twice");
    EXPECT_TRUE(from_json(R"([{"a":1},{"a":{"a":2}}])"));
}

TEST(Json, RefusesMoreThan16Levels) {
    EXPECT_TRUE(from_json(nested_text(kMaxValueDepth)));
    expect_refused(nested_text(kMaxValueDepth + 1), "16 levels");
    // The limit holds before memory or stack is taken.
    expect_refused(std::string(1'000'000, '['), "16 levels");
}

TEST(Json, WhatItReadsAtTheLimitMayBeWritten) {
    EXPECT_TRUE(check_writable(from_json(nested_text(kMaxValueDepth)).value()));
}

TEST(Json, RefusesBytesThatAreNoHex) {
    for (const char* bad : {R"({"$bytes":1})", R"({"$bytes":"0"})", R"({"$bytes":"0G"})",
                            R"({"$bytes":"FF"})", R"({"$bytes":null})"})
        expect_refused(bad, "$bytes");
    // With other members it is an object like any other.
    EXPECT_NE(from_json(R"({"$bytes":"zz","a":1})").value().get_if<Object>(), nullptr);
}

RC_GTEST_PROP(JsonLaws, RoundTrip, ()) {
    const Value value = *generators::value();
    const auto parsed = from_json(to_json(value));
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(*parsed == value);
}

RC_GTEST_PROP(JsonLaws, NoBytesCrashIt, ()) {
    const auto piece =
        rc::gen::oneOf(generators::raw_bytes(),
                       rc::gen::element<std::string>("[", "]", "{", "}", ":", ",", "\"", "\\u", "1",
                                                     "-", "e9", "\"$bytes\"", "null", "0."));
    std::string text;
    for (const auto& part : *rc::gen::container<std::vector<std::string>>(piece)) text += part;
    if (const auto parsed = from_json(text)) RC_ASSERT(from_json(to_json(*parsed)).has_value());
}

}  // namespace
}  // namespace kigumi
