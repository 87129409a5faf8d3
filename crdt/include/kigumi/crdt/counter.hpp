#pragma once

#include <limits>

#include "kigumi/crdt/policy.hpp"
#include "kigumi/crdt/write_rules.hpp"

namespace kigumi {

/// A counter that goes up and down, with an exact reset, over one tally row.
///
/// State: per origin its accumulated (added, subtracted) under one dot, and the surviving resets.
/// Delta of an update: its one row. Growth: one dot per origin that ever counted, and one per
/// concurrent reset. Source: PN-counter, Shapiro et al. (2011); resets by baseline, see
/// write_rules.hpp.
template <RowSource S>
class Counter {
  public:
    Counter(S& space, RowKey at) : space_(&space), at_(std::move(at)) {}

    /// The sum as this replica knows it; held at the ends of int64.
    Result<std::int64_t> value() const {
        KIGUMI_TRY(const Row row, space_->get(at_));
        return count(row);
    }
    /// Adds `amount`, which may be negative. Fails if the sum that is seen would leave int64.
    Result<void> add(std::int64_t amount) requires RowSpace<S> {
        return contribute(*space_, at_, [amount](const Row& before, Tally& mine) -> Result<void> {
            std::int64_t sum = 0;
            const bool overflows = __builtin_add_overflow(count(before), amount, &sum);
            auto& side = amount < 0 ? mine.subtracted : mine.added;
            const auto size = static_cast<std::uint64_t>(amount);
            const std::uint64_t step = amount < 0 ? ~size + 1 : size;
            if (overflows || step > std::numeric_limits<std::uint64_t>::max() - side)
                return fail(
                    ErrorCode::kInvalidArgument,
                    "counter would leave the range of 64 signed bits; add less or reset it");
            side += step;
            return {};
        });
    }
    /// Takes back everything counted that this replica has seen. Deleting a counter is a reset.
    Result<void> reset() requires RowSpace<S> { return kigumi::reset(*space_, at_); }

  private:
    S* space_;
    RowKey at_;
};

}  // namespace kigumi
