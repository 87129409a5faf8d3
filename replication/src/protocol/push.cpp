#include "push.hpp"

#include <algorithm>
#include <set>

#include "kigumi/crdt/defect.hpp"

namespace kigumi {
namespace {

VersionVector without(const VersionVector& version, const ReplicaId& origin) {
    VersionVector rest;
    for (const auto& [other, counter] : version)
        if (other != origin) rest.raise(other, counter);
    return rest;
}

bool causes_covered(const HeldPush& push, const VersionVector& version) {
    if (KIGUMI_DEFECT(kNoCausalGate)) return version[push.origin] >= push.from;
    if (KIGUMI_DEFECT(kGapAccepted)) return version.covers(push.dep);
    return version[push.origin] >= push.from && version.covers(push.dep);
}

}  // namespace

Result<std::optional<wire::Push>> make_push(ReadTransaction& snapshot, const std::string& bucket,
                                            const ReplicaId& self, std::uint64_t from,
                                            std::size_t max_bytes) {
    wire::Push push{bucket, self, from, snapshot.version()[self], without(snapshot.version(), self),
                    {}};
    BatchWriter batch;
    KIGUMI_CHECK(
        snapshot.scan_log(self, from, push.to, [&](std::uint64_t counter, const KeyedRow& keyed) {
            // A row with several new writes of ours goes with the first of them.
            const bool sent =
                std::any_of(keyed.row.begin(), keyed.row.end(), [&](const Write& write) {
                    return write.dot.origin == self && write.dot.counter > from &&
                           write.dot.counter < counter;
                });
            if (!sent) batch.add(keyed);
            return batch.bytes() <= max_bytes;
        }));
    if (batch.bytes() > max_bytes) return std::optional<wire::Push>();
    push.batch = batch.finish();
    return std::optional<wire::Push>(std::move(push));
}

Result<HeldPush> check_push(LinkId link, const wire::Push& push) {
    HeldPush held{link, push.origin, push.from, push.to, push.dep, {}, push.batch.size()};
    KIGUMI_TRY(held.rows, decode_batch(push.batch));
    VersionVector reached = push.dep;
    reached.raise(push.origin, push.to);
    std::vector<Dot> dots;
    for (const KeyedRow& keyed : held.rows) {
        for (const Write& write : keyed.row) {
            if (!reached.covers(write.dot))
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

void HeldPushes::add(HeldPush push) {
    auto& pushes = by_origin_[push.origin];
    const auto it = pushes.find(push.from);
    if (it == pushes.end()) {
        bytes_ += push.bytes;
        pushes.emplace(push.from, std::move(push));
    } else if (it->second.to < push.to) {
        bytes_ += push.bytes - it->second.bytes;
        it->second = std::move(push);
    }
}

bool HeldPushes::ready(const VersionVector& version) const {
    return std::any_of(by_origin_.begin(), by_origin_.end(), [&version](const auto& entry) {
        const HeldPush& first = entry.second.begin()->second;
        return version[first.origin] >= first.to || causes_covered(first, version);
    });
}

Result<std::size_t> HeldPushes::apply(Store& store, const std::string& bucket) {
    KIGUMI_TRY(WriteTransaction tx, store.write(bucket));
    std::set<std::pair<ReplicaId, std::uint64_t>> finished;
    std::size_t joined = 0;
    for (bool progress = true; progress;) {
        progress = false;
        for (const auto& [origin, pushes] : by_origin_) {
            for (const auto& [from, push] : pushes) {
                const bool known = tx.version()[origin] >= push.to;
                if (!known && !causes_covered(push, tx.version())) break;
                if (!finished.emplace(origin, from).second || known) continue;
                VersionVector theirs_at =
                    KIGUMI_DEFECT(kPushDropsNothing) ? VersionVector() : push.dep;
                theirs_at.raise(origin, push.to);
                for (const KeyedRow& row : push.rows) KIGUMI_CHECK(tx.join_row(row, theirs_at));
                // Not dep: it is covered already, and only what was joined may be claimed.
                tx.advance({{origin, push.to}}, {});
                ++joined;
                progress = true;
            }
        }
    }
    KIGUMI_CHECK(tx.commit());
    for (const auto& [origin, from] : finished) {
        const auto pushes = by_origin_.find(origin);
        const auto push = pushes->second.find(from);
        bytes_ -= push->second.bytes;
        pushes->second.erase(push);
        if (pushes->second.empty()) by_origin_.erase(pushes);
    }
    return joined;
}

void HeldPushes::forget(LinkId link) {
    for (auto& [origin, pushes] : by_origin_) {
        std::erase_if(pushes, [&](const auto& entry) {
            if (entry.second.link != link) return false;
            bytes_ -= entry.second.bytes;
            return true;
        });
    }
    std::erase_if(by_origin_, [](const auto& entry) { return entry.second.empty(); });
}

void HeldPushes::clear() {
    by_origin_.clear();
    bytes_ = 0;
}

}  // namespace kigumi
