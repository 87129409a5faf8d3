#pragma once

#include "kigumi/crdt/defect.hpp"
#include "kigumi/crdt/row_space.hpp"

/// The two kinds of write that exist, and the reset of the second kind. Every mutator of every type
/// ends here.
namespace kigumi {

/// Assign: one new dot replaces every write that the row shows, removals included. Concurrent
/// assigns survive side by side as siblings.
template <RowSpace S>
Result<void> assign(S& space, const RowKey& at, Payload payload) {
    if (const auto* value = std::get_if<Value>(&payload)) KIGUMI_CHECK(check_writable(*value));
    KIGUMI_CHECK(check_row_key(at));
    KIGUMI_TRY(const Row before, space.get(at));
    Row after;
    if (KIGUMI_DEFECT(kAssignKeepsSiblings)) after = before;
    after.insert({space.next_dot(), space.now(), std::move(payload)});
    return space.put(at, before, std::move(after));
}

/// Removes what an assign row shows, by a ⊥ of its own; a row that shows no value is left alone.
/// Returns whether there was something to remove.
template <RowSpace S>
Result<bool> remove(S& space, const RowKey& at) {
    KIGUMI_CHECK(check_row_key(at));
    KIGUMI_TRY(const Row before, space.get(at));
    if (before.removed()) return false;
    Row after;
    after.insert({space.next_dot(), space.now(), Removed{}});
    KIGUMI_CHECK(space.put(at, before, std::move(after)));
    return true;
}

/// Tally: the origin's contribution so far, under a new dot that replaces its previous one alone.
/// `update` changes the accumulated contribution and may fail.
template <RowSpace S, class Update>
Result<void> contribute(S& space, const RowKey& at, Update&& update) {
    KIGUMI_CHECK(check_row_key(at));
    KIGUMI_TRY(const Row before, space.get(at));
    Row after = before;
    Tally mine;
    for (const Write& write : before) {
        if (write.dot.origin != space.self()) continue;
        if (const auto* tally = std::get_if<Tally>(&write.payload)) {
            if (!KIGUMI_DEFECT(kContributionRestarts)) mine = *tally;
            after.erase(write.dot);
        }
    }
    KIGUMI_CHECK(update(before, mine));
    after.insert({space.next_dot(), space.now(), mine});
    return space.put(at, before, std::move(after));
}

/// Resets a tally row: a live dot that holds the contributions it saw, replacing only the resets it
/// saw. Increments concurrent with it survive, and only they (Baquero, Almeida & Lerche, "The
/// Problem with Embedded CRDT Counters and a Solution", 2016, shows what dropping dots breaks).
template <RowSpace S>
Result<void> reset(S& space, const RowKey& at) {
    KIGUMI_CHECK(check_row_key(at));
    KIGUMI_TRY(const Row before, space.get(at));
    Row after;
    Reset reset;
    for (const Write& write : before) {
        if (const auto* tally = std::get_if<Tally>(&write.payload)) {
            reset.seen[write.dot.origin] = *tally;
            if (!KIGUMI_DEFECT(kResetDropsDots)) after.insert(write);
        }
    }
    after.insert({space.next_dot(), space.now(), std::move(reset)});
    return space.put(at, before, std::move(after));
}

}  // namespace kigumi
