#pragma once

#include <string>

#include "kigumi/crdt/counter.hpp"
#include "kigumi/crdt/flag.hpp"
#include "kigumi/crdt/map.hpp"
#include "kigumi/crdt/register.hpp"
#include "kigumi/crdt/request.hpp"
#include "kigumi/crdt/set.hpp"

namespace kigumi {

/// Gives a row space `Space` (which derives from Objects<Space>) its typed views by key.
///
/// A view refers to its space and must not outlive it. A key names one object of each type: the set
/// "a" and the counter "a" are different objects.
template <class Space>
class Objects {
  public:
    auto reg(std::string key) {
        return Register<Space>(space(), at(std::move(key), Type::kRegister));
    }
    auto flag(std::string key) { return Flag<Space>(space(), at(std::move(key), Type::kFlag)); }
    auto counter(std::string key) {
        return Counter<Space>(space(), at(std::move(key), Type::kCounter));
    }
    auto set(std::string key) { return Set<Space>(space(), at(std::move(key), Type::kSet)); }
    auto map(std::string key) { return Map<Space>(space(), at(std::move(key), Type::kMap)); }

    /// What was executed under that id, 1 to 128 bytes of UTF-8.
    auto request(std::string_view id) { return Request<Space>(space(), id); }

    /// Removes the object of that key and type; returns whether there was anything. Requests are no
    /// object and cannot be removed so. O(its rows).
    Result<bool> erase(std::string key, Type type) {
        if (type == Type::kRequest)
            return fail(ErrorCode::kInvalidArgument, "requests are removed by time alone");
        return erase_under(space(), at(std::move(key), type));
    }

  private:
    friend Space;
    Objects() = default;

    Space& space() { return static_cast<Space&>(*this); }
    static RowKey at(std::string key, Type type) { return {std::move(key), type, {}}; }
};

}  // namespace kigumi
