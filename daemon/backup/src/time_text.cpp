#include "kigumi/daemon/time_text.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>

namespace kigumi {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t ms;
};
constexpr std::array kUnits = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                               Unit{"s", 1'000}, Unit{"ms", 1}};
/// About a million years: sums of two durations or times stay far from the end of 64 bits.
constexpr std::uint64_t kMaxMs = std::uint64_t{1} << 55;

/// The number that the whole text is, if it is one, of digits only.
std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
    return value;
}

/// Takes a number of exactly so many digits, and what has to follow it, off the front.
bool take(std::string_view& text, std::size_t digits, std::string_view mark, unsigned& into) {
    if (text.size() < digits + mark.size() || text.substr(digits, mark.size()) != mark)
        return false;
    const auto value = number(text.substr(0, digits));
    into = static_cast<unsigned>(value.value_or(0));
    text.remove_prefix(digits + mark.size());
    return value.has_value();
}

std::optional<std::uint64_t> iso(std::string_view text) {
    unsigned year = 0;
    unsigned month = 0;
    unsigned day = 0;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    if (!take(text, 4, "-", year) || !take(text, 2, "-", month) || !take(text, 2, "T", day) ||
        !take(text, 2, ":", hour) || !take(text, 2, ":", minute) || !take(text, 2, "", second))
        return std::nullopt;
    if (text.empty() || text.back() != 'Z') return std::nullopt;
    text.remove_suffix(1);
    unsigned ms = 0;
    if (!text.empty()) {
        if (text.front() != '.' || text.size() < 2 || text.size() > 10 || !number(text.substr(1)))
            return std::nullopt;
        const std::string digits = std::string(text.substr(1)) + "00";
        ms = static_cast<unsigned>(*number(std::string_view(digits).substr(0, 3)));
    }
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                           std::chrono::month(month), std::chrono::day(day)};
    if (!date.ok() || year < 1970 || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    const auto days = std::chrono::sys_days(date).time_since_epoch().count();
    return ((static_cast<std::uint64_t>(days) * 24 + hour) * 60 + minute) * 60'000 +
           std::uint64_t{second} * 1'000 + ms;
}

}  // namespace

std::string iso_time(std::uint64_t ms) {
    using namespace std::chrono;
    const auto time = sys_time<milliseconds>(milliseconds(ms));
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()),
                  static_cast<int>(clock.subseconds().count()));
    return text.data();
}

Result<std::uint64_t> parse_time(std::string_view text) {
    auto ms = number(text);
    if (!ms) ms = iso(text);
    if (ms && *ms <= kMaxMs) return *ms;
    return fail(ErrorCode::kInvalidArgument,
                "'" + std::string(text.substr(0, 40)) +
                    "' is no time; give UTC like 2026-11-21T10:00:00Z, or ms since 1970");
}

Result<std::uint64_t> parse_duration(std::string_view text) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto count = number(text.substr(0, digits));
    for (const Unit& unit : kUnits)
        if (count && text.substr(digits) == unit.name && *count <= kMaxMs / unit.ms)
            return *count * unit.ms;
    return fail(ErrorCode::kInvalidArgument,
                "'" + std::string(text.substr(0, 40)) +
                    "' is no duration; give a number and ms, s, m, h or d, such as 15m");
}

std::string duration_text(std::uint64_t ms) {
    for (const Unit& unit : kUnits)
        if (ms != 0 && ms % unit.ms == 0)
            return std::to_string(ms / unit.ms) + std::string(unit.name);
    return "0s";
}

}  // namespace kigumi
