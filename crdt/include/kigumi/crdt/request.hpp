#pragma once

#include <optional>
#include <string_view>

#include "kigumi/crdt/path.hpp"
#include "kigumi/crdt/policy.hpp"
#include "kigumi/crdt/write_rules.hpp"

namespace kigumi {

/// What was executed under an id that a client has chosen, so that a retry counts once.
///
/// State: one assign row of the same bucket, written in the transaction of the work itself. So it
/// is durable with the work, atomic with it, and travels with it: wherever the effects are visible
/// the request is known, and a retry there finds the outcome of the first execution instead of
/// executing again. Two replicas that execute one id without having seen each other's execution
/// both count: their outcomes stay side by side (`executions`). Retry on the same replica, or on
/// one that has caught up with it.
///
/// Growth: one row for each request, which the running node removes after `request_ms`
/// (`ReplicatorOptions`); a later retry is a new execution.
template <RowSource S>
class Request {
  public:
    /// What `once` has done, or found done.
    struct Execution {
        Value outcome;
        bool repeated = false;  ///< it was executed before; this time nothing was done
    };

    Request(S& space, std::string_view id)
        : space_(&space), at_{std::string(kRequestsKey), Type::kRequest, {}} {
        path::append(at_.path, Value(id));
    }

    /// The outcome of its execution (the last one, if there were several); nothing if none is known
    /// here. kInvalidArgument if the id is none.
    Result<std::optional<Value>> outcome() const {
        KIGUMI_CHECK(check_row_key(at_));
        KIGUMI_TRY(const Row row, space_->get(at_));
        for (const Sibling& sibling : siblings(row))
            if (!sibling.removed) return std::optional<Value>(sibling.value);
        return std::optional<Value>();
    }
    /// How many executions are known here: 2 or more if replicas that were cut off from each other
    /// executed it, and all of them counted.
    Result<std::size_t> executions() const {
        KIGUMI_TRY(const Row row, space_->get(at_));
        return kigumi::executions(row);
    }
    /// Executes `work()` (which returns a Result<Value>: the outcome, at most 4 KiB) and records
    /// it, or gives the recorded outcome if it was executed before. `work` writes through the same
    /// transaction; after an error that transaction must not be committed.
    template <class Work>
    Result<Execution> once(Work&& work) requires RowSpace<S> {
        KIGUMI_TRY(auto before, outcome());
        if (before && !KIGUMI_DEFECT(kRequestNotLookedUp))
            return Execution{std::move(*before), true};
        KIGUMI_TRY(Value outcome, work());
        KIGUMI_CHECK(check_outcome(outcome));
        KIGUMI_CHECK(assign(*space_, at_, outcome));
        return Execution{std::move(outcome), false};
    }

  private:
    S* space_;
    RowKey at_;
};

/// How many requests a bucket remembers, and how many of these were executed more than once, by
/// replicas that were cut off from each other.
struct RequestCount {
    std::uint64_t remembered = 0;
    std::uint64_t concurrent = 0;
};

/// Counts the requests. O(that).
template <RowSource S>
Result<RequestCount> count_requests(S& space) {
    RequestCount count;
    const RowKey all{std::string(kRequestsKey), Type::kRequest, {}};
    KIGUMI_CHECK(scan_under(space, all, [&count](const RowKey&, const Row& row) {
        const std::size_t times = executions(row);
        if (times > 0) ++count.remembered;
        if (times > 1) ++count.concurrent;
        return true;
    }));
    return count;
}

}  // namespace kigumi
