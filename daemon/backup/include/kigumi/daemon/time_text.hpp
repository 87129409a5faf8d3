#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/result.hpp"

/// Times and durations as people write them.
namespace kigumi {

/// ISO 8601 in UTC with milliseconds: `2026-11-21T10:00:00.000Z`. `ms`: since 1970.
KIGUMI_API std::string iso_time(std::uint64_t ms);

/// A moment in ms since 1970: that number itself, or ISO 8601 in UTC (`2026-11-21T10:00:00Z`), with
/// a fraction of a second if wanted, of which milliseconds count.
KIGUMI_API Result<std::uint64_t> parse_time(std::string_view text);

/// A duration in ms: a whole number and a unit, `ms`, `s`, `m`, `h` or `d`, such as `15m`.
KIGUMI_API Result<std::uint64_t> parse_duration(std::string_view text);

/// The largest unit that tells it exactly: `15m` for 900,000.
KIGUMI_API std::string duration_text(std::uint64_t ms);

}  // namespace kigumi
