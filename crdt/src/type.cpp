#include "kigumi/crdt/type.hpp"

namespace kigumi {

std::string_view name_of(Type type) {
    switch (type) {
        case Type::kRegister:
            return "register";
        case Type::kFlag:
            return "flag";
        case Type::kSet:
            return "set";
        case Type::kMap:
            return "map";
        case Type::kCounter:
            return "counter";
        case Type::kRequest:
            return "request";
    }
    return "unknown";
}

std::optional<Type> type_of(std::uint64_t number) {
    if (number < 1 || number > 6) return std::nullopt;
    return static_cast<Type>(number);
}

std::optional<Type> object_type_of(std::uint64_t number) {
    const auto type = type_of(number);
    return type == Type::kRequest ? std::nullopt : type;
}

}  // namespace kigumi
