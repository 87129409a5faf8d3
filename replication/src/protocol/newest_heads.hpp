#pragma once

#include "kigumi/replication/store.hpp"

namespace kigumi {

/// The newest heads of the origins with events in (base, version], at most `limit`, none of them
/// outside.
Result<std::vector<Head>> newest_heads(ReadTransaction& snapshot, const VersionVector& base,
                                       const VersionVector& version, std::size_t limit);

}  // namespace kigumi
