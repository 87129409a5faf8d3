#include "restricted_join.hpp"

#include <algorithm>

#include "kigumi/crdt/defect.hpp"

namespace kigumi {
namespace {

bool accepts(const AcceptedOrigins& accepted, const ReplicaId& origin) {
    return std::binary_search(accepted.begin(), accepted.end(), origin);
}

bool is_news(const AcceptedOrigins& accepted, const VersionVector& ours_at, const Write& write) {
    return accepts(accepted, write.dot.origin) && !ours_at.covers(write.dot);
}

/// Whether some new write of an accepted origin can have replaced this write of another one.
bool replaceable(const Write& write, bool new_reset) {
    if (std::holds_alternative<Tally>(write.payload)) return false;
    return !std::holds_alternative<Reset>(write.payload) || new_reset;
}

}  // namespace

bool has_news_of(const AcceptedOrigins& accepted, const VersionVector& ours_at, const Row& theirs) {
    return std::any_of(theirs.begin(), theirs.end(),
                       [&](const Write& write) { return is_news(accepted, ours_at, write); });
}

Row restricted(const AcceptedOrigins& accepted, const Row& ours, const VersionVector& ours_at,
               const Row& theirs) {
    if (!has_news_of(accepted, ours_at, theirs)) return ours;
    bool new_reset = false;
    Row row;
    for (const Write& write : theirs) {
        new_reset = new_reset || (is_news(accepted, ours_at, write) &&
                                  std::holds_alternative<Reset>(write.payload));
        if (accepts(accepted, write.dot.origin) || ours.find(write.dot) != nullptr)
            row.insert(write);
    }
    if (KIGUMI_DEFECT(kContributionsDropped)) return row;
    for (const Write& write : ours)
        if (!accepts(accepted, write.dot.origin) && !replaceable(write, new_reset))
            row.insert(write);
    return row;
}

Result<void> check_resets(const AcceptedOrigins& accepted, const Row& ours,
                          const VersionVector& ours_at, const Row& theirs) {
    const auto contributed = [&ours](const ReplicaId& origin) {
        Tally all;
        for (const Write& write : ours) {
            const auto* const tally = std::get_if<Tally>(&write.payload);
            if (tally == nullptr || write.dot.origin != origin) continue;
            all.added = std::max(all.added, tally->added);
            all.subtracted = std::max(all.subtracted, tally->subtracted);
        }
        return all;
    };
    for (const Write& write : theirs) {
        const auto* const reset = std::get_if<Reset>(&write.payload);
        if (reset == nullptr || !is_news(accepted, ours_at, write)) continue;
        for (const auto& [origin, seen] : reset->seen) {
            if (accepts(accepted, origin)) continue;
            const Tally present = contributed(origin);
            if (seen.added > present.added || seen.subtracted > present.subtracted)
                return fail(ErrorCode::kInvalidArgument,
                            "a reset of " + write.dot.origin.hex() + " says to have seen more of " +
                                origin.hex() + " than that has counted");
        }
    }
    return {};
}

}  // namespace kigumi
