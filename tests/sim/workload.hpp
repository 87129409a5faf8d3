#pragma once

#include "kigumi/crdt/objects.hpp"
#include "random.hpp"

namespace kigumi::sim {

/// One random change to one of a few objects of every type, few enough that writers meet.
template <RowSpace S>
Result<void> random_write(S& space, Random& random, unsigned keys) {
    const std::string key = "k" + std::to_string(random.below(keys));
    const std::string field = "f" + std::to_string(random.below(2));
    const Value value(static_cast<std::int64_t>(random.below(1000)));
    const Value member(static_cast<std::int64_t>(random.below(4)));
    const auto amount =
        static_cast<std::int64_t>(random.between(1, 9)) - (random.chance(30) ? 10 : 0);
    const auto done = [](auto result) -> Result<void> {
        if (!result) return tl::unexpected<Error>(result.error());
        return {};
    };
    switch (random.below(16)) {
        case 0:
        case 1:
        case 2:
            return space.reg(key).assign(value);
        case 3:
            return done(space.reg(key).erase());
        case 4:
        case 5:
            return done(space.set(key).add(member));
        case 6:
            return done(space.set(key).erase(member));
        case 7:
        case 8:
            return space.counter(key).add(amount);
        case 9:
            return space.counter(key).reset();
        case 10:
            return random.chance(50) ? space.flag(key).enable() : space.flag(key).disable();
        case 11:
            return space.map(key).reg(field).assign(value);
        case 12:
            return done(space.map(key).set(field).add(member));
        case 13:
            return space.map(key).counter(field).add(amount);
        case 14:
            return done(space.map(key).erase(field));
        default:
            return done(space.erase(key, static_cast<Type>(random.between(1, 5))));
    }
}

}  // namespace kigumi::sim
