#pragma once

#include <vector>

#include "kigumi/replication/store.hpp"

namespace kigumi {

/// All rows of the default bucket that are not merely removed.
inline std::vector<KeyedRow> present_rows(Store& store) {
    std::vector<KeyedRow> all;
    store.read()
        .value()
        .scan({},
              [&all](const RowKey& at, const Row& row) {
                  if (!row.removed()) all.push_back({at, row});
                  return true;
              })
        .value();
    return all;
}

}  // namespace kigumi
