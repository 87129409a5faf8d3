#include "kigumi/replication/session_token.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/clock_generators.hpp"

namespace kigumi {
namespace {

SessionToken some_token() {
    SessionToken token;
    token.observe("default", {{replica(1), 5}, {replica(2), 70'000}});
    token.observe("größer", {{replica(3), 1}});
    return token;
}

TEST(SessionTokens, AreWhatTheirTextSays) {
    const std::string text = some_token().text();
    EXPECT_TRUE(text.starts_with("kigumi1."));
    EXPECT_EQ(SessionToken::parse(text).value(), some_token());
    EXPECT_EQ(SessionToken::parse(SessionToken().text()).value(), SessionToken());
}

TEST(SessionTokens, KeepTheirTextForEver) {
    SessionToken token;
    token.observe("default", {{replica(1), 5}});
    EXPECT_EQ(token.text(), "kigumi1.Tlc4zoGnZGVmYXVsdJGSxBABAAAAAAAAAAAAAAAAAAAABQ");
}

TEST(SessionTokens, OnlyGrow) {
    SessionToken token = some_token();
    token.observe("default", {{replica(1), 3}, {replica(9), 1}});
    EXPECT_EQ(token.version("default")[replica(1)], 5U);
    EXPECT_EQ(token.version("default")[replica(9)], 1U);
    EXPECT_TRUE(token.version("unknown").empty());
    token.observe("empty", {});
    EXPECT_EQ(token.versions().size(), 2U);
}

TEST(SessionTokens, ThatAreNoneAreRefusedWithWhatToDo) {
    for (const std::string text : {"", "nonsense", "kigumi1.", "kigumi1.!!!!", "kigumi1.AAAA",
                                   "kigumi1.AAAAAAAA", "kigumi1.AAAAAAAAAAAAAAAAAAAAAAAA"}) {
        const auto parsed = SessionToken::parse(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument) << text;
    }
    const auto later = SessionToken::parse("kigumi7.AAAA");
    ASSERT_FALSE(later);
    EXPECT_EQ(later.error().code, ErrorCode::kUnsupported);
    EXPECT_FALSE(SessionToken::parse(std::string(SessionToken::kMaxTextBytes + 1, 'A')));
}

TEST(SessionTokens, ThatWereChangedAnywhereAreRefused) {
    const std::string text = some_token().text();
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(SessionToken::parse(changed)) << i;
        EXPECT_FALSE(SessionToken::parse(text.substr(0, i))) << i;
    }
}

RC_GTEST_PROP(SessionTokenLaws, MergeIsTheLeastThatCoversBoth,
              (const VersionVector& a, const VersionVector& b, const VersionVector& c)) {
    SessionToken left;
    left.observe("x", a);
    left.observe("y", b);
    SessionToken right;
    right.observe("x", c);
    SessionToken both = left;
    both.merge(right);
    SessionToken other = right;
    other.merge(left);
    RC_ASSERT(both == other);
    RC_ASSERT(both.version("x").covers(a) && both.version("x").covers(c));
    RC_ASSERT(both.version("y") == b);
    SessionToken again = both;
    again.merge(left);
    RC_ASSERT(again == both);
    RC_ASSERT(SessionToken::parse(both.text()).value() == both);
}

RC_GTEST_PROP(SessionTokenLaws, NoBytesCrashTheReader, (const std::string& noise)) {
    static_cast<void>(SessionToken::parse(noise));
    static_cast<void>(SessionToken::parse("kigumi1." + noise));
}

}  // namespace
}  // namespace kigumi
