#pragma once

#include "kigumi/replication/store.hpp"

namespace kigumi::backup {

/// How a bucket of a store compares with the backup of it.
struct Comparison {
    std::uint64_t rows = 0;  ///< of the backup
    std::uint64_t changed_since =
        0;  ///< of these, those that the store has otherwise, for a reason
    std::uint64_t wrong = 0;
    std::vector<std::string> differences;  ///< of what is wrong, the first few
};

/// Compares a bucket of a running store with a restored backup of it, at the backup's version. The
/// store is read in snapshots of a few thousand rows: what is compared holds at any later moment.
Result<Comparison> compare(Store& store, Store& restored, const std::string& bucket);

}  // namespace kigumi::backup
