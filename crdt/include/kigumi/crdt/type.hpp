#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "kigumi/clocks/export.hpp"

namespace kigumi {

/// The type of a row: that of its object, or `kRequest` for the table of executed requests, which
/// is no object. The numbers are part of the stored and sent formats.
enum class Type : std::uint8_t {
    kRegister = 1,
    kFlag = 2,
    kSet = 3,
    kMap = 4,
    kCounter = 5,
    kRequest = 6,
};

/// "register", "flag", "set", "map", "counter" or "request".
KIGUMI_API std::string_view name_of(Type type);
/// The type of that number, if there is one.
KIGUMI_API std::optional<Type> type_of(std::uint64_t number);
/// The same, of the types that an object or a map's leaf can have: all but `kRequest`.
KIGUMI_API std::optional<Type> object_type_of(std::uint64_t number);

}  // namespace kigumi
