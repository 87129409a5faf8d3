#include "kigumi/daemon/time_text.hpp"

#include <gtest/gtest.h>

namespace kigumi {
namespace {

TEST(TimeText, IsIso8601InUtc) {
    EXPECT_EQ(iso_time(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(iso_time(1'795'255'200'123), "2026-11-21T10:00:00.123Z");
    EXPECT_EQ(iso_time(951'782'400'000), "2000-02-29T00:00:00.000Z");
}

TEST(TimeText, IsReadBack) {
    EXPECT_EQ(parse_time("2026-11-21T10:00:00Z").value(), 1'795'255'200'000U);
    EXPECT_EQ(parse_time("2026-11-21T10:00:00.1Z").value(), 1'795'255'200'100U);
    EXPECT_EQ(parse_time("2026-11-21T10:00:00.123456Z").value(), 1'795'255'200'123U);
    EXPECT_EQ(parse_time("1795255200123").value(), 1'795'255'200'123U);
    EXPECT_EQ(parse_time("0").value(), 0U);
    EXPECT_EQ(parse_time(iso_time(1'234'567'890'123)).value(), 1'234'567'890'123U);
}

TEST(TimeText, RefusesWhatIsNoTime) {
    for (const char* text :
         {"", "now", "-5", "2026-11-21", "2026-11-21T10:00:00", "2026-11-21 10:00:00Z",
          "2026-11-21T10:00:00+01:00", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
          "2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z", "2026-11-21T10:00:00.Z",
          "2026-11-21T10:00:00.1234567890Z", "2026-11-21T10:00:00.-1Z", "1969-12-31T23:59:59Z",
          "99999999999999999999", "36028797018963969", "10 "}) {
        const auto time = parse_time(text);
        ASSERT_FALSE(time) << text;
        EXPECT_EQ(time.error().code, ErrorCode::kInvalidArgument);
        EXPECT_NE(time.error().message.find("2026-11-21T10:00:00Z"), std::string::npos);
    }
}

TEST(TimeText, DurationsHaveAUnit) {
    EXPECT_EQ(parse_duration("250ms").value(), 250U);
    EXPECT_EQ(parse_duration("90s").value(), 90'000U);
    EXPECT_EQ(parse_duration("15m").value(), 900'000U);
    EXPECT_EQ(parse_duration("2h").value(), 7'200'000U);
    EXPECT_EQ(parse_duration("7d").value(), 604'800'000U);
    for (const char* text : {"", "15", "m", "1.5h", "-1h", "1 h", "1w", "99999999999999999d"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(TimeText, DurationsArePrintedInTheLargestUnitThatFits) {
    EXPECT_EQ(duration_text(900'000), "15m");
    EXPECT_EQ(duration_text(90'000), "90s");
    EXPECT_EQ(duration_text(172'800'000), "2d");
    EXPECT_EQ(duration_text(1), "1ms");
    EXPECT_EQ(duration_text(0), "0s");
}

}  // namespace
}  // namespace kigumi
