#include "replication/store_group.hpp"

namespace kigumi {
namespace {

/// Stores that pull by the log end where replicas in memory that join end.
RC_GTEST_PROP(LogLaws, StoresThatPullAreReplicasThatJoin, ()) {
    const Steps steps = *any_steps();
    Replicas group;
    StoreGroup stores;
    for (const Step& step : steps) {
        group.run<workloads::Everything>(step);
        stores.run(step);
        RC_ASSERT(stores.shown(step.at) == shown(group[step.at]));
        RC_ASSERT(stores[step.at].read().value().version() == group[step.at].version());
    }
}

RC_GTEST_PROP(LogLaws, TheLogHoldsExactlyTheLiveDotsInOrder, ()) {
    const Steps steps = *any_steps();
    StoreGroup stores;
    for (const Step& step : steps) stores.run(step);
    for (unsigned i = 0; i < kReplicas; ++i) {
        auto txn = stores[i].read().value();
        std::set<Dot> live;
        for (const auto& [at, writes] : stores.shown(i))
            for (const auto& [dot, payload] : writes) live.insert(dot);
        std::vector<Dot> logged;
        for (const auto& entry : txn.version()) {
            const ReplicaId origin = entry.first;
            const auto take = [&logged, origin](std::uint64_t n, const KeyedRow& keyed) {
                RC_ASSERT(keyed.row.find({origin, n}) != nullptr);
                logged.push_back({origin, n});
                return true;
            };
            txn.scan_log(origin, 0, entry.second, take).value();
        }
        RC_ASSERT(logged == std::vector<Dot>(live.begin(), live.end()));
    }
}

}  // namespace
}  // namespace kigumi
