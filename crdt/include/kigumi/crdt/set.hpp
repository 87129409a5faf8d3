#pragma once

#include <vector>

#include "kigumi/crdt/path.hpp"
#include "kigumi/crdt/policy.hpp"
#include "kigumi/crdt/write_rules.hpp"

namespace kigumi {

/// An add-wins set: one assign row for each member, so that a change costs one row however large
/// the set is. A member is any value. Concurrent add and remove: the member stays.
/// Source: observed-remove set, Shapiro et al. (2011), with Bieniusa et al.'s contexts (2012).
/// Growth: a removed member keeps one ⊥ row until it is causally stable.
template <RowSource S>
class Set {
  public:
    /// `prefix`: the object, or the map's leaf, that holds the members.
    Set(S& space, RowKey prefix) : space_(&space), prefix_(std::move(prefix)) {}

    /// O(log n).
    Result<bool> contains(const Value& member) const {
        KIGUMI_TRY(const Row row, space_->get(row_of(member)));
        return any_present(row);
    }
    /// Calls `visit(member)` for each, in order, until it returns false. O(n).
    Result<void> each(const std::function<bool(const Value&)>& visit) const {
        Result<void> outcome;
        KIGUMI_CHECK(scan_under(*space_, prefix_, [&](const RowKey& at, const Row& row) {
            if (!any_present(row)) return true;
            std::string_view rest = std::string_view(at.path).substr(prefix_.path.size());
            auto member = path::take_value(rest);
            if (member) return visit(*member);
            outcome = tl::unexpected<Error>(std::move(member.error()));
            return false;
        }));
        return outcome;
    }
    /// All members in order. O(n).
    Result<std::vector<Value>> members() const {
        std::vector<Value> all;
        KIGUMI_CHECK(each([&all](const Value& member) {
            all.push_back(member);
            return true;
        }));
        return all;
    }
    /// The number of members, counted. O(n).
    Result<std::size_t> size() const {
        std::size_t n = 0;
        KIGUMI_CHECK(each([&n](const Value&) { return ++n, true; }));
        return n;
    }
    /// Adds a member; returns whether it is new here. An add of a member that is there already is a
    /// write too: it wins over a concurrent removal.
    Result<bool> add(const Value& member) requires RowSpace<S> {
        KIGUMI_CHECK(check_writable(member));
        const RowKey at = row_of(member);
        KIGUMI_TRY(const Row before, space_->get(at));
        KIGUMI_CHECK(check_row_key(at));
        Row after;
        after.insert({space_->next_dot(), space_->now(), Value()});
        KIGUMI_CHECK(space_->put(at, before, std::move(after)));
        return before.removed();
    }
    /// Removes a member; returns whether it was there.
    Result<bool> erase(const Value& member) requires RowSpace<S> {
        return kigumi::remove(*space_, row_of(member));
    }

  private:
    RowKey row_of(const Value& member) const {
        RowKey at = prefix_;
        path::append(at.path, member);
        return at;
    }

    S* space_;
    RowKey prefix_;
};

}  // namespace kigumi
