#include "kigumi/crdt/row.hpp"

#include <algorithm>

#include "kigumi/crdt/defect.hpp"

namespace kigumi {
namespace {

bool dot_before(const Write& write, const Dot& dot) { return write.dot < dot; }

/// Whether a contribution is a later one of the same origin, and holds all that `earlier` counts.
bool includes(const Write& later, const Write& earlier) {
    const auto* all = std::get_if<Tally>(&later.payload);
    const auto* some = std::get_if<Tally>(&earlier.payload);
    return all != nullptr && some != nullptr && later.dot.origin == earlier.dot.origin &&
           later.dot.counter > earlier.dot.counter && all->added >= some->added &&
           all->subtracted >= some->subtracted;
}

}  // namespace

const Write* Row::find(const Dot& dot) const {
    const auto it = std::lower_bound(writes_.begin(), writes_.end(), dot, dot_before);
    return it != writes_.end() && it->dot == dot ? &*it : nullptr;
}

void Row::insert(Write write) {
    const auto it = std::lower_bound(writes_.begin(), writes_.end(), write.dot, dot_before);
    if (it != writes_.end() && it->dot == write.dot) {
        *it = std::move(write);
    } else {
        writes_.insert(it, std::move(write));
    }
}

void Row::erase(const Dot& dot) {
    const auto it = std::lower_bound(writes_.begin(), writes_.end(), dot, dot_before);
    if (it != writes_.end() && it->dot == dot) writes_.erase(it);
}

bool Row::removed() const {
    return std::all_of(begin(), end(), [](const Write& write) { return write.removed(); });
}

Row join(const Row& ours, const VersionVector& ours_at, const Row& theirs,
         const VersionVector& theirs_at) {
    Row joined;
    for (const Write& write : ours)
        if (KIGUMI_DEFECT(kNothingDropped) || !theirs_at.covers(write.dot) ||
            theirs.find(write.dot) != nullptr)
            joined.insert(write);
    for (const Write& write : theirs)
        if (!ours_at.covers(write.dot)) joined.insert(write);
    while (KIGUMI_DEFECT(kSiblingPruned) && joined.size() > 2) joined.erase(joined.begin()->dot);
    return joined;
}

Row unite(const Row& ours, const Row& theirs) {
    Row all = ours;
    for (const Write& write : theirs)
        if (ours.find(write.dot) == nullptr) all.insert(write);
    Row united;
    for (const Write& write : all) {
        const bool included = std::any_of(all.begin(), all.end(), [&write](const Write& other) {
            return includes(other, write);
        });
        if (!included) united.insert(write);
    }
    return united;
}

}  // namespace kigumi
