#include "kigumi/replication/lag.hpp"

namespace kigumi {

Result<Lag> lag_of(ReadTransaction& snapshot, const ReplicaId& self, const VersionVector& theirs) {
    const VersionVector& ours = snapshot.version();
    Lag lag;
    lag.events = events_missing(theirs, ours);
    if (theirs[self] >= ours[self]) return lag;
    lag.own_events = ours[self] - theirs[self];
    KIGUMI_CHECK(snapshot.scan_log(self, theirs[self], ours[self],
                                   [&](std::uint64_t counter, const KeyedRow& keyed) {
                                       if (const Write* write = keyed.row.find({self, counter}))
                                           lag.oldest_ms = write->time.ms();
                                       return false;
                                   }));
    return lag;
}

}  // namespace kigumi
