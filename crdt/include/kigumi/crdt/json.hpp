#pragma once

#include <string>
#include <string_view>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/value.hpp"

namespace kigumi {

/// Parses one JSON text. `{"$bytes": "<hex>"}` stands for bytes. Integers become int64, other
/// numbers double. Errors name the position. Depth and size are bounded before anything is built.
KIGUMI_API Result<Value> from_json(std::string_view text);

/// Writes JSON on one line, object members in order; the inverse of from_json. Non-finite doubles
/// become null and text that is not UTF-8 has the bad bytes replaced.
KIGUMI_API std::string to_json(const Value& value);

/// Writes one JSON string, quotes included.
KIGUMI_API std::string json_string(std::string_view text);

}  // namespace kigumi
