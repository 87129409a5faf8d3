#include "kigumi/crdt/types_at.hpp"
#include "places.hpp"

using namespace kigumi;

kigumi_status kigumi_map_remove(kigumi_txn* txn, kigumi_place field, bool* was_there) {
    return c::write(txn, [&](WriteTransaction& space) -> Result<void> {
        if (!c::has_field(field))
            return fail(ErrorCode::kInvalidArgument, "the place names no field; use kigumi_in");
        KIGUMI_TRY(const std::string_view key, c::key_of(field));
        KIGUMI_TRY(const bool found,
                   space.map(std::string(key)).erase({field.field.data, field.field.size}));
        if (was_there != nullptr) *was_there = found;
        return {};
    });
}

kigumi_status kigumi_types_get(kigumi_txn* txn, kigumi_place at, kigumi_types* types) {
    return c::read(txn, [&](auto& space, c::Transaction&) -> Result<void> {
        KIGUMI_CHECK(c::require(types, "types"));
        KIGUMI_TRY(const std::string_view key, c::key_of(at));
        std::vector<Type> held;
        if (c::has_field(at)) {
            KIGUMI_TRY(held, field_types(space, std::string(key), {at.field.data, at.field.size}));
        } else {
            KIGUMI_TRY(held, types_of(space, std::string(key)));
        }
        kigumi_types bits = 0;
        for (const Type type : held) bits |= kigumi_types{1} << static_cast<unsigned>(type);
        *types = bits;
        return {};
    });
}

kigumi_status kigumi_object_remove(kigumi_txn* txn, kigumi_place at, kigumi_type type,
                                   bool* was_there) {
    return c::write(txn, [&](WriteTransaction& space) -> Result<void> {
        KIGUMI_TRY(const std::string_view key, c::whole_object(at, "an object"));
        const auto number = static_cast<std::uint64_t>(type);
        if (type != KIGUMI_NO_TYPE && !object_type_of(number))
            return fail(ErrorCode::kInvalidArgument, "that is no type; use one of kigumi_type");
        bool found = false;
        // Every type, also those that show nothing: a removal may hide concurrent values.
        for (std::uint64_t next = 1; const auto each = object_type_of(next); ++next) {
            if (type != KIGUMI_NO_TYPE && next != number) continue;
            KIGUMI_TRY(const bool removed, space.erase(std::string(key), *each));
            found = found || removed;
        }
        if (was_there != nullptr) *was_there = found;
        return {};
    });
}
