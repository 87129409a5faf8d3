#include "as_of.hpp"

#include <algorithm>

#include "kigumi/crdt/policy.hpp"

namespace kigumi::backup {
namespace {

bool until(const Write& write, std::uint64_t at_ms) { return write.time.ms() <= at_ms; }

/// Whether the later write is known to have seen the earlier one.
bool surely_replaced(const Write& earlier, const Write& later) {
    return earlier.dot.origin == later.dot.origin && earlier.dot.counter < later.dot.counter;
}

AsOf assigned_as_of(const Row& earlier, const VersionVector& earlier_at, const Row& later,
                    std::uint64_t at_ms) {
    AsOf found;
    Row fresh;
    for (const Write& write : later) {
        if (!until(write, at_ms)) continue;
        found.row.insert(write);
        if (!earlier_at.covers(write.dot)) fresh.insert(write);
    }
    bool doubtful = false;
    for (const Write& write : earlier) {
        if (!until(write, at_ms) || found.row.find(write.dot) != nullptr) continue;
        const Write* newest = last_write(fresh);
        if (newest == nullptr || newest->time < write.time) {
            found.row.insert(write);
            continue;
        }
        const bool sure = std::any_of(fresh.begin(), fresh.end(), [&write](const Write& other) {
            return surely_replaced(write, other);
        });
        doubtful = doubtful || (!sure && !write.removed());
    }
    found.ambiguous = doubtful && found.row.removed();
    return found;
}

const Write* contribution(const Row& row, const ReplicaId& origin) {
    const auto it = std::find_if(row.begin(), row.end(), [&origin](const Write& write) {
        return write.dot.origin == origin && std::holds_alternative<Tally>(write.payload);
    });
    return it == row.end() ? nullptr : &*it;
}

AsOf tallied_as_of(const Row& earlier, const Row& later, std::uint64_t at_ms) {
    Row found;
    for (const Write& write : later)
        if (until(write, at_ms)) found.insert(write);
    for (const Write& write : earlier) {
        if (!until(write, at_ms)) continue;
        const bool tally = std::holds_alternative<Tally>(write.payload);
        if (!tally || contribution(found, write.dot.origin) == nullptr) found.insert(write);
    }
    Row row;
    for (Write write : found) {
        if (auto* tally = std::get_if<Tally>(&write.payload)) {
            for (const Write& other : found) {
                const auto* reset = std::get_if<Reset>(&other.payload);
                if (reset == nullptr) continue;
                const auto seen = reset->seen.find(write.dot.origin);
                if (seen == reset->seen.end()) continue;
                tally->added = std::max(tally->added, seen->second.added);
                tally->subtracted = std::max(tally->subtracted, seen->second.subtracted);
            }
        }
        row.insert(std::move(write));
    }
    return {std::move(row), false};
}

}  // namespace

bool written_after(const Row& row, std::uint64_t at_ms) {
    return std::any_of(row.begin(), row.end(),
                       [at_ms](const Write& write) { return !until(write, at_ms); });
}

AsOf as_of(const RowKey& at, const Row& earlier, const VersionVector& earlier_at, const Row& later,
           std::uint64_t at_ms) {
    return leaf_type(at) == Type::kCounter ? tallied_as_of(earlier, later, at_ms)
                                           : assigned_as_of(earlier, earlier_at, later, at_ms);
}

Payload shown_payload(const RowKey& at, const Row& row) {
    Row shown;
    // Of a set's member or a flag, a value wins over a removal that did not see it.
    for (const Write& write : row)
        if (!write.removed() || leaf_type(at) == Type::kRegister) shown.insert(write);
    const Write* last = last_write(shown);
    return last == nullptr ? Payload(Removed{}) : last->payload;
}

}  // namespace kigumi::backup
