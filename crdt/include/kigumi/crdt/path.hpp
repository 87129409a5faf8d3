#pragma once

#include <string>
#include <string_view>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/type.hpp"
#include "kigumi/crdt/value.hpp"

/// A path is a sequence of elements that leads to a row inside an object: a set's member, a map's
/// field and what it leads to. Elements are encoded so that comparing bytes compares paths, and so
/// that each shows where it ends. `docs/format/rows.md` gives the bytes.
namespace kigumi::path {

/// Appends a value as one element.
KIGUMI_API void append(std::string& path, const Value& value);
/// Appends the type of a map's leaf as one element.
KIGUMI_API void append(std::string& path, Type leaf);
/// Appends raw bytes so that they sort as themselves and end visibly (0x00 is escaped).
KIGUMI_API void append_escaped(std::string& path, std::string_view raw);

/// The length of the first element of `path`; fails if it is malformed.
KIGUMI_API Result<std::size_t> element_length(std::string_view path);
/// Takes the first element off `path`. An element too deep or malformed is an error.
KIGUMI_API Result<Value> take_value(std::string_view& path);
/// Takes the type of a map's leaf off `path`.
KIGUMI_API Result<Type> take_leaf(std::string_view& path);
/// Undoes append_escaped.
KIGUMI_API Result<std::string> take_escaped(std::string_view& path);

}  // namespace kigumi::path
