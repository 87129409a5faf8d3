#include "places.hpp"

using namespace kigumi;

kigumi_status kigumi_register_get(kigumi_txn* txn, kigumi_place at, kigumi_value* value) {
    return c::read(txn, [&](auto& space, c::Transaction& lent) -> Result<void> {
        KIGUMI_CHECK(c::require(value, "value"));
        KIGUMI_TRY(const auto& reg, c::register_at(space, at));
        KIGUMI_TRY(auto found, reg.get());
        if (!found) {
            *value = c::absent();
            return {};
        }
        lent.arena.clear();
        lent.value = std::move(*found);
        *value = c::view(lent.value, lent.arena);
        return {};
    });
}

kigumi_status kigumi_register_siblings(kigumi_txn* txn, kigumi_place at,
                                       const kigumi_sibling** siblings, size_t* count) {
    return c::read(txn, [&](auto& space, c::Transaction& lent) -> Result<void> {
        KIGUMI_CHECK(c::require(siblings, "siblings"));
        KIGUMI_CHECK(c::require(count, "count"));
        KIGUMI_TRY(const auto& reg, c::register_at(space, at));
        KIGUMI_TRY(auto found, reg.siblings());
        lent.arena.clear();
        lent.siblings.assign(std::move(found), lent.arena);
        *siblings = lent.siblings.data();
        *count = lent.siblings.size();
        return {};
    });
}

kigumi_status kigumi_register_assign(kigumi_txn* txn, kigumi_place at, kigumi_value value) {
    return c::write(txn, [&](WriteTransaction& space) -> Result<void> {
        KIGUMI_TRY(auto&& reg, c::register_at(space, at));
        KIGUMI_TRY(Value && content, c::value_of(value));
        return reg.assign(std::move(content));
    });
}

kigumi_status kigumi_register_remove(kigumi_txn* txn, kigumi_place at, bool* was_there) {
    return c::write(txn, [&](WriteTransaction& space) -> Result<void> {
        KIGUMI_TRY(auto&& reg, c::register_at(space, at));
        KIGUMI_TRY(const bool found, reg.erase());
        if (was_there != nullptr) *was_there = found;
        return {};
    });
}
