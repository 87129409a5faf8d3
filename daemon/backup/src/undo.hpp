#pragma once

#include "kigumi/daemon/restore.hpp"
#include "kigumi/replication/store.hpp"

namespace kigumi::backup {

/// Takes a store that holds a backup back to a moment before it, by new writes of its own replica.
/// `earlier` holds the backup before the moment. See `restore` for what that gives. O(rows).
Result<Undone> undo_after(Store& store, Store& earlier, std::uint64_t at_ms);

}  // namespace kigumi::backup
