#pragma once

#include "kigumi/crdt/json.hpp"
#include "kigumi/crdt/row_key.hpp"
#include "support/clock_generators.hpp"

namespace kigumi {

inline std::ostream& operator<<(std::ostream& out, const Value& value) {
    return out << to_json(value);
}

inline std::ostream& operator<<(std::ostream& out, const RowKey& at) {
    return out << name_of(at.type) << ' ' << json_string(at.key) << path_json(at);
}

inline std::ostream& operator<<(std::ostream& out, const Error& error) {
    return out << error.message;
}

namespace generators {

/// Raw bytes, rich in those that encodings escape or cut at.
rc::Gen<std::string> raw_bytes();
/// UTF-8 of all lengths, zero characters included.
rc::Gen<std::string> text();
rc::Gen<double> number();
/// Any value that may be written, nested up to `depth` levels.
rc::Gen<Value> value(unsigned depth = 3);

}  // namespace generators
}  // namespace kigumi
