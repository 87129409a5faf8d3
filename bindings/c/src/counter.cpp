#include "places.hpp"

using namespace kigumi;

kigumi_status kigumi_counter_get(kigumi_txn* txn, kigumi_place at, int64_t* sum) {
    return c::read(txn, [&](auto& space, c::Transaction&) -> Result<void> {
        KIGUMI_CHECK(c::require(sum, "sum"));
        KIGUMI_TRY(const auto& counter, c::counter_at(space, at));
        KIGUMI_TRY(*sum, counter.value());
        return {};
    });
}

kigumi_status kigumi_counter_add(kigumi_txn* txn, kigumi_place at, int64_t amount) {
    return c::write(txn, [&](WriteTransaction& space) -> Result<void> {
        KIGUMI_TRY(auto&& counter, c::counter_at(space, at));
        return counter.add(amount);
    });
}

kigumi_status kigumi_counter_reset(kigumi_txn* txn, kigumi_place at) {
    return c::write(txn, [&](WriteTransaction& space) -> Result<void> {
        KIGUMI_TRY(auto&& counter, c::counter_at(space, at));
        return counter.reset();
    });
}
