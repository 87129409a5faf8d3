#pragma once

#include <algorithm>

#include "kigumi/crdt/policy.hpp"
#include "kigumi/crdt/write_rules.hpp"

namespace kigumi {

/// A flag over one assign row whose writes say true or false. `enabled` lets a concurrent enable
/// win, `enabled_by_all` lets a concurrent disable win; both read the same row.
template <RowSource S>
class Flag {
  public:
    Flag(S& space, RowKey at) : space_(&space), at_(std::move(at)) {}

    /// Enable-wins: any surviving write says true.
    Result<bool> enabled() const {
        KIGUMI_TRY(const Row row, space_->get(at_));
        return std::any_of(row.begin(), row.end(), says_true);
    }
    /// Disable-wins: some write survives and every one says true.
    Result<bool> enabled_by_all() const {
        KIGUMI_TRY(const Row row, space_->get(at_));
        return !row.empty() && std::all_of(row.begin(), row.end(), says_true);
    }
    Result<void> enable() requires RowSpace<S> { return kigumi::assign(*space_, at_, Value(true)); }
    Result<void> disable() requires RowSpace<S> {
        return kigumi::assign(*space_, at_, Value(false));
    }

  private:
    static bool says_true(const Write& write) {
        const Value* value = write.value();
        return value != nullptr && *value == Value(true);
    }

    S* space_;
    RowKey at_;
};

}  // namespace kigumi
