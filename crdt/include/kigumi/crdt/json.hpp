#pragma once

#include <string>
#include <string_view>

#include "kigumi/crdt/value.hpp"

namespace kigumi {

/// Parses one JSON text. `{"$bytes": "<hex>"}` stands for bytes. Integers become int64, other
/// numbers double. Errors name the position. Depth and size are bounded before anything is built.
Result<Value> from_json(std::string_view text);

/// Writes JSON on one line, object members in order; the inverse of from_json. Non-finite doubles
/// become null and text that is not UTF-8 has the bad bytes replaced.
std::string to_json(const Value& value);

/// Writes one JSON string, quotes included.
std::string json_string(std::string_view text);

}  // namespace kigumi
