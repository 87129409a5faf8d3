#pragma once

#include <optional>

#include "commit_mark.hpp"
#include "kigumi/replication/store.hpp"
#include "origin_table.hpp"

namespace kigumi {

/// What the store and its transactions share.
class StoreState {
  public:
    std::shared_ptr<kv::Env> env;
    StoreOptions options;
    std::filesystem::path directory;
    CommitMark mark;
    std::optional<IdentityChange> renewed;
    OriginCache origins;

    /// Something was committed: remembers how far, and tells the node.
    void committed();
};

}  // namespace kigumi
