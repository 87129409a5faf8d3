#pragma once

#include "kigumi/replication/store.hpp"
#include "origin_table.hpp"

namespace kigumi {

/// What the store and its transactions share.
class StoreState {
  public:
    std::shared_ptr<kv::Env> env;
    StoreOptions options;
    std::filesystem::path directory;
    OriginCache origins;
};

}  // namespace kigumi
