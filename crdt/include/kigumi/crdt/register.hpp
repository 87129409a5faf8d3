#pragma once

#include <optional>

#include "kigumi/crdt/policy.hpp"
#include "kigumi/crdt/write_rules.hpp"

namespace kigumi {

/// A register over one assign row. State: the surviving writes; order and join: those of Row.
/// Delta of a write: its one row. Read it as LWW (`get`) or as multi-value (`siblings`).
/// Growth: one dot per concurrent writer until somebody who saw them all writes again.
template <RowSource S>
class Register {
  public:
    Register(S& space, RowKey at) : space_(&space), at_(std::move(at)) {}

    /// The last write's value; nothing if there is none or if the last write is a removal.
    Result<std::optional<Value>> get() const {
        KIGUMI_TRY(const Row row, space_->get(at_));
        const Write* last = last_write(row);
        if (last == nullptr || last->removed()) return std::optional<Value>();
        return std::optional<Value>(*last->value());
    }
    /// Every concurrent write, removals included, the last one first.
    Result<std::vector<Sibling>> siblings() const {
        KIGUMI_TRY(const Row row, space_->get(at_));
        return kigumi::siblings(row);
    }
    /// Writes a value, replacing every sibling that this replica has seen.
    Result<void> assign(Value value) requires RowSpace<S> {
        return kigumi::assign(*space_, at_, std::move(value));
    }
    /// Removes the value; returns whether there was one.
    Result<bool> erase() requires RowSpace<S> { return kigumi::remove(*space_, at_); }

  private:
    S* space_;
    RowKey at_;
};

}  // namespace kigumi
