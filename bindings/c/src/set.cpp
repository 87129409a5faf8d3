#include "places.hpp"

using namespace kigumi;

kigumi_status kigumi_set_contains(kigumi_txn* txn, kigumi_place at, kigumi_value member,
                                  bool* contained) {
    return c::read(txn, [&](auto& space, c::Transaction&) -> Result<void> {
        KIGUMI_CHECK(c::require(contained, "contained"));
        KIGUMI_TRY(const auto& set, c::set_at(space, at));
        KIGUMI_TRY(const Value& wanted, c::value_of(member));
        KIGUMI_TRY(*contained, set.contains(wanted));
        return {};
    });
}

kigumi_status kigumi_set_add(kigumi_txn* txn, kigumi_place at, kigumi_value member, bool* is_new) {
    return c::write(txn, [&](WriteTransaction& space) -> Result<void> {
        KIGUMI_TRY(auto&& set, c::set_at(space, at));
        KIGUMI_TRY(const Value& added, c::value_of(member));
        KIGUMI_TRY(const bool missing, set.add(added));
        if (is_new != nullptr) *is_new = missing;
        return {};
    });
}

kigumi_status kigumi_set_remove(kigumi_txn* txn, kigumi_place at, kigumi_value member,
                                bool* was_there) {
    return c::write(txn, [&](WriteTransaction& space) -> Result<void> {
        KIGUMI_TRY(auto&& set, c::set_at(space, at));
        KIGUMI_TRY(const Value& removed, c::value_of(member));
        KIGUMI_TRY(const bool found, set.erase(removed));
        if (was_there != nullptr) *was_there = found;
        return {};
    });
}

kigumi_status kigumi_set_size(kigumi_txn* txn, kigumi_place at, uint64_t* size) {
    return c::read(txn, [&](auto& space, c::Transaction&) -> Result<void> {
        KIGUMI_CHECK(c::require(size, "size"));
        KIGUMI_TRY(const auto& set, c::set_at(space, at));
        KIGUMI_TRY(*size, set.size());
        return {};
    });
}
