#include "places.hpp"

using namespace kigumi;

kigumi_status kigumi_flag_get(kigumi_txn* txn, kigumi_place at, kigumi_flag_policy policy,
                              bool* enabled) {
    return c::read(txn, [&](auto& space, c::Transaction&) -> Result<void> {
        KIGUMI_CHECK(c::require(enabled, "enabled"));
        KIGUMI_TRY(const auto& flag, c::flag_at(space, at));
        if (policy == KIGUMI_ENABLE_WINS) {
            KIGUMI_TRY(*enabled, flag.enabled());
        } else if (policy == KIGUMI_DISABLE_WINS) {
            KIGUMI_TRY(*enabled, flag.enabled_by_all());
        } else {
            return fail(ErrorCode::kInvalidArgument,
                        "that is no policy of flags; use KIGUMI_ENABLE_WINS or "
                        "KIGUMI_DISABLE_WINS");
        }
        return {};
    });
}

kigumi_status kigumi_flag_set(kigumi_txn* txn, kigumi_place at, bool enabled) {
    return c::write(txn, [&](WriteTransaction& space) -> Result<void> {
        KIGUMI_TRY(auto&& flag, c::flag_at(space, at));
        return enabled ? flag.enable() : flag.disable();
    });
}
