#include <algorithm>

#include "kigumi/crdt/defect.hpp"
#include "lab.hpp"

/// Collection: who has heard what of whom, and what may go.
namespace kigumi::scope {
namespace {

constexpr std::uint64_t kNowMs = 1'000;

}  // namespace

/// What every replica has seen, as far as this one has all that they wrote before. The replicator's
/// own rule, for replicas that all know of each other.
VersionVector Lab::stable_at(const Site& site) const {
    VersionVector stable = site.version;
    unsigned waited_for = 0;
    for (unsigned i = 0; i < scope_.replicas; ++i) {
        if (i == site.replica) continue;
        if (KIGUMI_DEFECT(kCollectedOneMemberEarly) && ++waited_for == 1) continue;
        const VersionVector* settled = site.acknowledgements.settled(id_of(i));
        stable.meet(settled != nullptr ? *settled : VersionVector());
    }
    return stable;
}

/// Words decide nothing but which removals a replica has seen: one that tells of none that is not
/// known from an earlier word may as well be lost.
bool Lab::is_news(Id to, Id from) const {
    const auto& all = sites_[to].acknowledgements.all();
    const Site& other = sites_[from];
    const auto last = all.find(id_of(other.replica));
    return std::any_of(other.past.begin(), other.past.end(), [&](std::uint32_t number) {
        const sim::History::Event& event = events_[number].event;
        return std::holds_alternative<Removed>(event.payload) &&
               (last == all.end() || !last->second.newest.covers(event.dot));
    });
}

Lab::Id Lab::hear(Id to, Id from) {
    return once(kHear, to, from, 0,
                [&]() -> Outcome {
                    Site site = sites_[to];
                    const Site& other = sites_[from];
                    put(site);
                    site.acknowledgements.hear(id_of(other.replica), other.version, site.version,
                                               kNowMs);
                    return {settle(std::move(site), {})};
                })
        .first;
}

Lab::Id Lab::collect(Id at) {
    return once(kCollect, at, 0, 0,
                [&]() -> Outcome {
                    const Site& site = sites_[at];
                    const VersionVector stable = stable_at(site);
                    Store& store = put(site);
                    std::string cursor;
                    const auto places =
                        store.read().value().collectable(stable, 1'000, cursor).value();
                    if (places.empty()) return {};
                    {
                        auto tx = store.write().value();
                        tx.collect(places, stable).value();
                        tx.commit().value();
                    }
                    return {settle(site, {})};
                })
        .first;
}

std::uint64_t Lab::removed_rows(Id at) {
    return put(sites_[at]).read().value().count_removed().value();
}

}  // namespace kigumi::scope
