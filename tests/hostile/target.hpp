#pragma once

#include <string>

#include "kigumi/replication/store.hpp"

namespace kigumi::hostile {

/// One of the honest nodes, as the hostile peer sees it. It knows more than it could learn: all
/// versions and rows, read from the node's own store.
struct Target {
    std::string address;  ///< `127.0.0.1:PORT`
    std::string key;      ///< its public key
    ReplicaId replica;
    Store* store = nullptr;

    VersionVector version(const std::string& bucket) const {
        const auto snapshot = store->read(bucket);
        return snapshot ? snapshot->version() : VersionVector();
    }
    /// The row as it is there now; empty if there is none.
    Row row(const std::string& bucket, const RowKey& at) const {
        auto snapshot = store->read(bucket);
        if (!snapshot) return {};
        return snapshot->get(at).value_or(Row());
    }
};

}  // namespace kigumi::hostile
