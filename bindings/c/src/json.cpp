#include "kigumi/crdt/json.hpp"

#include "values.hpp"

using namespace kigumi;

kigumi_status kigumi_value_to_json_copy(kigumi_value value, char** json) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::require(json, "json"));
        KIGUMI_TRY(const Value& whole, c::value_of(value));
        KIGUMI_TRY(*json, c::copy_of(to_json(whole)));
        return {};
    });
}

kigumi_status kigumi_value_from_json_copy(kigumi_slice json, kigumi_value** copy) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::require(copy, "copy"));
        KIGUMI_TRY(const std::string_view text, c::bytes_of(json, "json"));
        KIGUMI_TRY(const Value value, from_json(text));
        c::Arena arena;
        KIGUMI_TRY(*copy, c::copy_of(c::view(value, arena)));
        return {};
    });
}
