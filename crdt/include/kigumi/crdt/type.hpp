#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kigumi {

/// The type of an object or of a map's leaf. The numbers are part of the stored and sent formats.
enum class Type : std::uint8_t {
    kRegister = 1,
    kFlag = 2,
    kSet = 3,
    kMap = 4,
    kCounter = 5,
};

/// "register", "flag", "set", "map" or "counter".
std::string_view name_of(Type type);
/// The type of that number, if there is one.
std::optional<Type> type_of(std::uint64_t number);

}  // namespace kigumi
