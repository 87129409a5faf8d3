#include "push.hpp"

#include <algorithm>
#include <set>

#include "../ascending.hpp"
#include "../row_memory.hpp"
#include "kigumi/crdt/defect.hpp"

namespace kigumi {
namespace {

constexpr std::size_t kEntryBytes = sizeof(VersionVector::const_iterator::value_type);

/// The first origin of which the push carries events.
const ReplicaId& first_origin(const HeldPush& push) {
    Ascending base(push.base);
    const auto it = std::find_if(push.version.begin(), push.version.end(), [&](const auto& entry) {
        return base[entry.first] < entry.second;
    });
    return it->first;
}

bool causes_covered(const HeldPush& push, const VersionVector& version) {
    if (!KIGUMI_DEFECT(kNoCausalGate) && !KIGUMI_DEFECT(kGapAccepted))
        return version.covers(push.base);
    return std::all_of(push.base.begin(), push.base.end(), [&](const auto& entry) {
        const bool carried = entry.second < push.version[entry.first];
        return carried == KIGUMI_DEFECT(kGapAccepted) || version[entry.first] >= entry.second;
    });
}

Result<void> join_rows(WriteTransaction& tx, const HeldPush& push, const VersionVector& theirs_at) {
    const VersionVector before = tx.version();
    for (const auto& [at, theirs] : push.rows) {
        if (!push.accepted) {
            KIGUMI_CHECK(tx.join_row({at, theirs}, theirs_at));
            continue;
        }
        KIGUMI_TRY(const Row ours, tx.get(at));
        KIGUMI_CHECK(check_resets(*push.accepted, ours, before, theirs));
        KIGUMI_CHECK(
            tx.join_row({at, restricted(*push.accepted, ours, before, theirs)}, theirs_at));
    }
    return {};
}

}  // namespace

Result<std::optional<wire::Push>> make_push(ReadTransaction& snapshot, const std::string& bucket,
                                            const VersionVector& base, std::size_t max_bytes) {
    if (!base.covers(snapshot.floor()) && !KIGUMI_DEFECT(kPushBelowFloor))
        return std::optional<wire::Push>();
    wire::Push push{bucket, base, snapshot.version(), snapshot.floor(), {}};
    if (KIGUMI_DEFECT(kPushBelowFloor)) push.floor.meet(base);
    BatchWriter batch;
    LogPosition position;
    KIGUMI_TRY(const bool all,
               add_changed_rows(snapshot, base, push.version, position, batch, max_bytes));
    if (!all) return std::optional<wire::Push>();
    push.batch = batch.finish();
    return std::optional<wire::Push>(std::move(push));
}

Result<HeldPush> check_push(LinkId link, const wire::Push& push) {
    const std::size_t entries = push.base.size() + push.version.size() + push.floor.size();
    HeldPush held{link,
                  push.base,
                  push.version,
                  push.floor,
                  {},
                  sizeof(HeldPush) + entries * kEntryBytes +
                      push.heads.size() * (sizeof(ShownHead) + Proof::kSize),
                  false,
                  {},
                  {}};
    KIGUMI_TRY(held.rows, decode_batch(push.batch));
    held.bytes += memory_of(held.rows);
    std::vector<Dot> dots;
    for (const KeyedRow& keyed : held.rows) {
        for (const Write& write : keyed.row) {
            if (!push.version.covers(write.dot))
                return fail(ErrorCode::kCorrupt,
                            "a push carries a write that its vector does not cover");
            dots.push_back(write.dot);
        }
    }
    std::sort(dots.begin(), dots.end());
    if (std::adjacent_find(dots.begin(), dots.end()) != dots.end())
        return fail(ErrorCode::kCorrupt, "a push carries one write in two rows");
    return held;
}

bool HeldPush::known_at(const VersionVector& ours) const {
    Ascending from(base);
    Ascending here(ours);
    return std::all_of(version.begin(), version.end(), [&](const auto& entry) {
        const std::uint64_t held = here[entry.first];
        return from[entry.first] == entry.second || held >= entry.second;
    });
}

void HeldPushes::add(HeldPush push) {
    const ReplicaId origin = first_origin(push);
    auto& pushes = by_origin_[origin];
    const Place place(push.base[origin], push.link);
    const auto it = pushes.find(place);
    if (it == pushes.end()) {
        count(push.link, push.bytes, 0);
        pushes.emplace(place, std::move(push));
    } else if (it->second.version[origin] < push.version[origin]) {
        count(push.link, push.bytes, it->second.bytes);
        it->second = std::move(push);
    }
}

void HeldPushes::count(LinkId link, std::size_t added, std::size_t gone) {
    bytes_ += added - gone;
    const auto it = by_link_.try_emplace(link, 0).first;
    it->second += added - gone;
    if (it->second == 0) by_link_.erase(it);
}

std::size_t HeldPushes::bytes(LinkId link) const {
    const auto it = by_link_.find(link);
    return it == by_link_.end() ? 0 : it->second;
}

bool HeldPushes::ready(const VersionVector& version) const {
    for (const auto& [origin, pushes] : by_origin_) {
        for (const auto& [place, push] : pushes) {
            if (place.first > version[origin] && !KIGUMI_DEFECT(kGapAccepted)) break;
            if (push.known_at(version) || causes_covered(push, version)) return true;
        }
    }
    return false;
}

Result<HeldPushes::Applied> HeldPushes::apply(Store& store, const std::string& bucket,
                                              std::size_t max_rows) {
    std::vector<std::pair<LinkId, std::string>> refused;
    for (;;) {
        LinkId current = 0;
        auto joined = join_ready(store, bucket, max_rows, current);
        if (joined) {
            joined->refused = std::move(refused);
            return joined;
        }
        if (joined.error().code != ErrorCode::kInvalidArgument)
            return tl::unexpected<Error>(joined.error());
        // One peer's contradiction must not hold up the pushes of the others.
        refused.emplace_back(current, joined.error().message);
        forget(current);
    }
}

Result<HeldPushes::Applied> HeldPushes::join_ready(Store& store, const std::string& bucket,
                                                   std::size_t max_rows, LinkId& current) {
    KIGUMI_TRY(WriteTransaction tx, store.write(bucket));
    std::set<std::pair<ReplicaId, Place>> finished;
    Applied applied;
    std::size_t rows = 0;
    for (bool progress = true; progress;) {
        progress = false;
        for (const auto& [origin, pushes] : by_origin_) {
            for (const auto& [place, push] : pushes) {
                // What follows begins above the gap.
                if (place.first > tx.version()[origin] && !KIGUMI_DEFECT(kGapAccepted)) break;
                const bool known = push.known_at(tx.version());
                if (!known && !causes_covered(push, tx.version())) continue;
                if (finished.contains({origin, place})) continue;
                if (!known && rows >= max_rows) {
                    applied.more = true;
                    continue;
                }
                finished.emplace(origin, place);
                if (known) continue;
                // Nobody but this replica makes its events.
                if (push.version[tx.self()] > tx.version()[tx.self()]) continue;
                KIGUMI_CHECK(tx.expect_checked(push.as_signed));
                const VersionVector theirs_at =
                    KIGUMI_DEFECT(kPushDropsNothing) ? VersionVector() : push.version;
                current = push.link;
                KIGUMI_CHECK(join_rows(tx, push, theirs_at));
                // Rows may have lost removals to this join that others below the floor lack.
                tx.advance(push.version,
                           KIGUMI_DEFECT(kFloorNotInherited) ? VersionVector() : push.floor);
                for (const ShownHead& shown : push.heads)
                    KIGUMI_CHECK(tx.keep_head(shown.origin, shown.head, shown.confirmed));
                ++applied.joined;
                rows += push.rows.size();
                progress = true;
            }
        }
    }
    KIGUMI_CHECK(tx.commit());
    for (const auto& [origin, place] : finished) {
        const auto pushes = by_origin_.find(origin);
        const auto push = pushes->second.find(place);
        count(push->second.link, 0, push->second.bytes);
        pushes->second.erase(push);
        if (pushes->second.empty()) by_origin_.erase(pushes);
    }
    return applied;
}

void HeldPushes::forget(LinkId link) {
    for (auto& [origin, pushes] : by_origin_) {
        std::erase_if(pushes, [&](const auto& entry) {
            if (entry.second.link != link) return false;
            count(link, 0, entry.second.bytes);
            return true;
        });
    }
    std::erase_if(by_origin_, [](const auto& entry) { return entry.second.empty(); });
}

void HeldPushes::clear() {
    by_origin_.clear();
    bytes_ = 0;
    by_link_.clear();
}

}  // namespace kigumi
