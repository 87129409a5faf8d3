#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kigumi/replication/kv.hpp"
#include "kigumi/replication/store.hpp"

/// Which buckets the latest commits have changed, whichever process made them: the daemon of a node
/// reads those instead of all (`docs/format/store.md`, `recent` in `meta`).
namespace kigumi::recent {

/// The transaction changes this bucket. O(1): the list is bounded.
Result<void> note(kv::WriteTxn& txn, std::string_view bucket);
/// What has changed since the commit of that number.
Result<RecentChanges> since(kv::ReadTxn& txn, std::uint64_t number);

}  // namespace kigumi::recent
