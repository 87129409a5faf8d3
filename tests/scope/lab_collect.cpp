#include "lab.hpp"

/// Collection: who has heard what of whom, and what may go.
namespace kigumi::scope {

Lab::Id Lab::hear(Id to, Id from) {
    return once(kHear, to, from, 0,
                [&]() -> Outcome {
                    Site site = sites_[to];
                    const Site& other = sites_[from];
                    put(site);
                    site.heard[other.replica] = other.version;
                    return {settle(std::move(site), {})};
                })
        .first;
}

Lab::Id Lab::collect(Id at) {
    return once(kCollect, at, 0, 0,
                [&]() -> Outcome {
                    const Site& site = sites_[at];
                    VersionVector stable = site.version;
                    for (unsigned i = 0; i < scope_.replicas; ++i)
                        if (i != site.replica) stable.meet(site.settled[i]);
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
