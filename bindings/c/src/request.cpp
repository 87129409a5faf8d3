#include "handles.hpp"

using namespace kigumi;

kigumi_status kigumi_request_get(kigumi_txn* txn, kigumi_slice id, kigumi_value* outcome) {
    return c::read(txn, [&](auto& space, c::Transaction& lent) -> Result<void> {
        KIGUMI_CHECK(c::require(outcome, "outcome"));
        KIGUMI_TRY(const std::string_view name, c::bytes_of(id, "the request's id"));
        KIGUMI_TRY(auto found, space.request(name).outcome());
        if (!found) {
            *outcome = c::absent();
            return {};
        }
        lent.arena.clear();
        lent.value = std::move(*found);
        *outcome = c::view(lent.value, lent.arena);
        return {};
    });
}

kigumi_status kigumi_request_record(kigumi_txn* txn, kigumi_slice id, kigumi_value outcome) {
    bool repeated = false;
    const kigumi_status status = c::write(txn, [&](WriteTransaction& space) -> Result<void> {
        KIGUMI_TRY(const std::string_view name, c::bytes_of(id, "the request's id"));
        KIGUMI_TRY(const Value& recorded, c::value_of(outcome));
        KIGUMI_TRY(const auto execution,
                   space.request(name).once([&]() -> Result<Value> { return recorded; }));
        repeated = execution.repeated;
        if (repeated)
            return fail(ErrorCode::kInvalidArgument,
                        "the request was executed before, so this transaction cannot be committed; "
                        "look with kigumi_request_get first");
        return {};
    });
    // The work has been done a second time: it must not count.
    if (repeated) txn->transaction->broken = true;
    return status;
}
