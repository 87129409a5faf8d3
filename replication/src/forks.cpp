#include <algorithm>

#include "inspector.hpp"
#include "kigumi/crdt/path.hpp"
#include "transaction_state.hpp"

/// Rows of a store that used names twice: it went back in time, wrote, and found out later.
namespace kigumi {
namespace {

/// What one origin contributed to a tally row, as the row counts it, at the most that any of the
/// rows says.
Tally contribution(const std::vector<const Row*>& rows, const ReplicaId& origin) {
    Tally most;
    Tally taken;
    const auto raise = [](Tally& to, const Tally& from) {
        to.added = std::max(to.added, from.added);
        to.subtracted = std::max(to.subtracted, from.subtracted);
    };
    for (const Row* const row : rows) {
        for (const Write& write : *row) {
            if (const auto* tally = std::get_if<Tally>(&write.payload);
                tally != nullptr && write.dot.origin == origin)
                raise(most, *tally);
            if (const auto* reset = std::get_if<Reset>(&write.payload)) {
                const auto seen = reset->seen.find(origin);
                if (seen != reset->seen.end()) raise(taken, seen->second);
            }
        }
    }
    most.added -= std::min(most.added, taken.added);
    most.subtracted -= std::min(most.subtracted, taken.subtracted);
    return most;
}

bool same(const Write& a, const Write& b) { return a.time == b.time && a.payload == b.payload; }

/// The writes of forked identities that `theirs` does not have, or that say something else there.
std::vector<Dot> disputed(const Row& ours, const Row& theirs, const std::set<ReplicaId>& forked) {
    std::vector<Dot> dots;
    for (const Write& write : ours) {
        if (!forked.contains(write.dot.origin)) continue;
        const Write* const other = theirs.find(write.dot);
        if (other == nullptr || !same(*other, write)) dots.push_back(write.dot);
    }
    return dots;
}

bool is_tally(const Write& write) { return std::holds_alternative<Tally>(write.payload); }

/// Writes the disputed writes of a row again, under the present identity. A disputed contribution
/// moves to that as a whole, with what `theirs` says of it: each origin has one. Returns the row as
/// it is then.
Result<Row> write_again(WriteTransaction& txn, const RowKey& at, const Row& ours, const Row& theirs,
                        const std::vector<Dot>& dots) {
    Row after = ours;
    const Write* value = nullptr;
    std::set<ReplicaId> counted;
    for (const Dot& dot : dots) {
        const Write* const write = ours.find(dot);
        if (write == nullptr) continue;
        after.erase(dot);
        if (is_tally(*write))
            counted.insert(dot.origin);
        else if (value == nullptr || value->time < write->time)
            value = write;
    }
    if (value != nullptr) after.insert({txn.next_dot(), txn.now(), value->payload});
    if (!counted.empty()) {
        Tally mine;
        for (const Write& write : ours)
            if (write.dot.origin == txn.self() && is_tally(write)) {
                mine = std::get<Tally>(write.payload);
                after.erase(write.dot);
            }
        for (const ReplicaId& origin : counted) {
            const Tally moved = contribution({&ours, &theirs}, origin);
            mine.added += moved.added;
            mine.subtracted += moved.subtracted;
            for (const Write& write : ours)
                if (write.dot.origin == origin && is_tally(write)) after.erase(write.dot);
        }
        after.insert({txn.next_dot(), txn.now(), mine});
    }
    KIGUMI_CHECK(txn.put(at, ours, after));
    // With the proofs that the transaction gave them.
    KIGUMI_TRY(auto written, txn.readable_row(at));
    return written ? std::move(*written) : std::move(after);
}

/// Of theirs what does not bear a name that was written again here, nor counts what was moved.
Row without(const Row& theirs, const Row& ours, const std::vector<Dot>& dots) {
    Row rest;
    for (const Write& write : theirs) {
        const bool settled = std::any_of(dots.begin(), dots.end(), [&](const Dot& dot) {
            const Write* const own = ours.find(dot);
            return write.dot == dot || (is_tally(write) && own != nullptr && is_tally(*own) &&
                                        write.dot.origin == dot.origin);
        });
        if (!settled) rest.insert(write);
    }
    return rest;
}

}  // namespace

Result<std::size_t> WriteTransaction::settle_row(const KeyedRow& theirs,
                                                 const std::set<ReplicaId>& forked) {
    State& state = *state_;
    KIGUMI_TRY(const auto readable, readable_row(theirs.at));
    if (!readable) return restore_row(theirs, {});
    const std::vector<Dot> dots = disputed(*readable, theirs.row, forked);
    Row ours = *readable;
    if (!dots.empty()) {
        KIGUMI_TRY(ours, write_again(*this, theirs.at, *readable, theirs.row, dots));
    }
    const KeyedRow rest{theirs.at, without(theirs.row, *readable, dots)};
    // Their writes take the names that this store gave to writes in other rows.
    const Inspector inspector(*state.txn, state.bucket, state.origins, version());
    const std::string here = store_key(theirs.at).bytes;
    for (const Write& write : rest.row) {
        if (!forked.contains(write.dot.origin) || ours.find(write.dot) != nullptr) continue;
        KIGUMI_TRY(const auto entry, state.txn->get(kv::Table::kLog, state.log_key(write.dot)));
        if (!entry || *entry == here) continue;
        KIGUMI_TRY(const auto other, inspector.stored_at(std::string(*entry)));
        if (!other.holds(write.dot)) continue;
        const KeyedRow elsewhere = *other.row;
        KIGUMI_CHECK(write_again(*this, elsewhere.at, elsewhere.row, Row(), {write.dot}));
    }
    KIGUMI_TRY(const std::size_t added, restore_row(rest, {}));
    return dots.size() + added;
}

}  // namespace kigumi
