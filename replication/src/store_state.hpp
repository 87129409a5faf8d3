#pragma once

#include <atomic>
#include <optional>

#include "checked_proofs.hpp"
#include "clock_cache.hpp"
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
    ClockCache clocks;
    CheckedProofs checked_proofs;
    std::atomic<std::uint64_t> skewed_writes{0};
    std::atomic<std::uint64_t> largest_skew_ms{0};

    /// Draws a new identity, with a key, and makes it the environment's.
    Result<ReplicaId> take_new_identity(kv::WriteTxn& txn) const;
    /// A random value to tell this environment from copies of it (`schema::Place`).
    std::string draw_nonce() const;
    /// Takes a new identity instead of `old`, which is to leave the list of members, and commits.
    Result<ReplicaId> renew(std::unique_ptr<kv::WriteTxn> txn, const ReplicaId& old, bool forked);
    /// A transaction of a bucket over one of the environment.
    Result<WriteTransaction> write(std::unique_ptr<kv::WriteTxn> txn, std::string_view bucket);
    /// Something was committed: remembers how far, and tells the node.
    void committed();
    /// A write from elsewhere bore a time that far beyond what the clock follows.
    void note_skew(std::uint64_t ms) {
        if (ms == 0) return;
        ++skewed_writes;
        // Writers take turns, so nobody else raises it meanwhile.
        if (ms > largest_skew_ms) largest_skew_ms = ms;
    }
};

}  // namespace kigumi
