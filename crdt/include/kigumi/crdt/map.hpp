#pragma once

#include "kigumi/crdt/counter.hpp"
#include "kigumi/crdt/erase.hpp"
#include "kigumi/crdt/register.hpp"
#include "kigumi/crdt/set.hpp"

namespace kigumi {

/// A map from field names (text) to registers, counters and sets, one row for each leaf or member.
///
/// A field exists while anything in it does, so a field updated on one replica and removed on
/// another keeps the update: what was not seen is not removed. Fields that two replicas create with
/// different types hold both, side by side.
template <RowSource S>
class Map {
  public:
    /// A field that exists, and the type of what it leads to.
    struct Field {
        std::string name;
        Type type;
        bool operator==(const Field&) const = default;
    };

    Map(S& space, RowKey prefix) : space_(&space), prefix_(std::move(prefix)) {}

    Register<S> reg(std::string_view field) const {
        return {*space_, leaf(field, Type::kRegister)};
    }
    Counter<S> counter(std::string_view field) const {
        return {*space_, leaf(field, Type::kCounter)};
    }
    Set<S> set(std::string_view field) const { return {*space_, leaf(field, Type::kSet)}; }

    /// The fields that exist, in order, once for each type they have. O(rows of the map).
    Result<std::vector<Field>> fields() const {
        std::vector<Field> all;
        KIGUMI_CHECK(scan_under(*space_, prefix_, [&](const RowKey& at, const Row& row) {
            if (!present(at, row)) return true;
            std::string_view rest = std::string_view(at.path).substr(prefix_.path.size());
            const auto name = path::take_value(rest);
            const auto type = path::take_leaf(rest);
            if (!name || !type || name->template get_if<std::string>() == nullptr) return true;
            Field field{*name->template get_if<std::string>(), *type};
            if (all.empty() || !(all.back() == field)) all.push_back(std::move(field));
            return true;
        }));
        return all;
    }
    /// Removes all that this replica sees in the field; returns whether there was anything.
    Result<bool> erase(std::string_view field) requires RowSpace<S> {
        RowKey prefix = prefix_;
        path::append(prefix.path, Value(field));
        return erase_under(*space_, prefix);
    }

  private:
    RowKey leaf(std::string_view field, Type type) const {
        RowKey at = prefix_;
        path::append(at.path, Value(field));
        path::append(at.path, type);
        return at;
    }

    S* space_;
    RowKey prefix_;
};

}  // namespace kigumi
