#include <charconv>

#include "kigumi/daemon/backup_tiers.hpp"
#include "kigumi/daemon/time_text.hpp"

namespace kigumi::backup {
namespace {

constexpr std::uint64_t kDayMs = 86'400'000;
constexpr std::uint64_t kMinEveryMs = 1'000;
constexpr std::uint64_t kMaxNumber = 1'000'000;

Result<std::uint64_t> whole_number(std::string_view name, std::string_view text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && stop == end && number > 0 && number <= kMaxNumber) return number;
    return fail(ErrorCode::kInvalidArgument,
                std::string(name) + " wants a whole number from 1 to " +
                    std::to_string(kMaxNumber) + ", not '" + std::string(text.substr(0, 40)) + "'");
}

}  // namespace

Result<void> set_part(Tier& tier, std::string_view name, std::string_view value) {
    if (name == "target") {
        if (value.empty())
            return fail(ErrorCode::kInvalidArgument, "target wants the path of a directory");
        tier.target = value;
        return {};
    }
    if (name == "every") {
        KIGUMI_TRY(tier.every_ms, parse_duration(value));
        if (tier.every_ms >= kMinEveryMs) return {};
        return fail(ErrorCode::kInvalidArgument, "every wants at least 1s");
    }
    if (name == "full-every") {
        KIGUMI_TRY(tier.full_every_ms, parse_duration(value));
        return {};
    }
    if (name == "keep") {
        KIGUMI_TRY(tier.retention.keep, whole_number(name, value));
        return {};
    }
    if (name == "keep-days") {
        KIGUMI_TRY(const std::uint64_t days, whole_number(name, value));
        tier.retention.keep_ms = days * kDayMs;
        return {};
    }
    return fail(ErrorCode::kInvalidArgument,
                "there is no '" + std::string(name.substr(0, 40)) +
                    "'; a tier takes target, every, keep, keep-days and full-every");
}

Result<Tier> parse_tier(std::string_view text) {
    Tier tier;
    tier.target = text.substr(0, text.find(','));
    if (tier.target.empty())
        return fail(ErrorCode::kInvalidArgument, "a backup tier begins with its directory");
    while (text.find(',') != std::string_view::npos) {
        text.remove_prefix(text.find(',') + 1);
        const std::string_view part = text.substr(0, text.find(','));
        const auto equals = std::min(part.find('='), part.size());
        KIGUMI_CHECK(
            set_part(tier, part.substr(0, equals), part.substr(std::min(equals + 1, part.size()))));
    }
    return tier;
}

}  // namespace kigumi::backup
