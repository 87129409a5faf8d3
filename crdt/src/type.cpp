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
    }
    return "unknown";
}

std::optional<Type> type_of(std::uint64_t number) {
    if (number < 1 || number > 5) return std::nullopt;
    return static_cast<Type>(number);
}

}  // namespace kigumi
