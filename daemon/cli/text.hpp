#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "command.hpp"
#include "kigumi/clocks/hlc.hpp"
#include "kigumi/clocks/version_vector.hpp"
#include "kigumi/crdt/policy.hpp"

/// Between what people type and read, and values.
namespace kigumi::cli {

/// Text if the bytes are UTF-8, otherwise Bytes: whatever a shell can pass can be stored.
Value text_or_bytes(std::string_view raw);
/// An argument that is a value: JSON if the session says so, otherwise as text_or_bytes.
Result<Value> value_argument(const Session& session, std::size_t index);
/// An argument that is an integer of 64 signed bits.
Result<std::int64_t> integer_argument(const Session& session, std::size_t index);

/// The value for a reader: text as it is and the rest as JSON, or all as JSON if the session says
/// so.
std::string show(const Session& session, const Value& value);
/// ISO 8601 in UTC, with milliseconds.
std::string iso_time(Hlc time);
/// A version vector as a JSON object, and as `ID:COUNTER` words.
std::string vector_json(const VersionVector& version);
std::string vector_text(const VersionVector& version);
/// A surviving write of an assign row, as a line or a JSON object.
std::string show(const Session& session, const Sibling& sibling);

}  // namespace kigumi::cli
