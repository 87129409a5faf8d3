#pragma once

#include <map>
#include <memory>
#include <string>

#include "kigumi/crdt/row_key.hpp"
#include "kigumi/replication/store.hpp"

namespace kigumi::sim {

/// A backup of one bucket of one store: it takes what changed since its last time, by the same
/// rules as a bundle, and has to show what the store shows.
class Archive {
  public:
    /// Takes over what is new. Returns whether the increment was enough: if the store cannot tell
    /// what changed since, or has gone back in time, everything is taken.
    bool follow(Store& store, const std::string& bucket);
    /// All rows.
    std::map<RowKey, Row> rows() const;

  private:
    std::unique_ptr<Store> copy_;
};

}  // namespace kigumi::sim
