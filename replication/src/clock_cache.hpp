#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "schema.hpp"

namespace kigumi {

/// Keeps the clocks of buckets as last committed, so that a transaction of a cluster with many
/// masters rarely has to read an entry of each.
///
/// What is kept is used only by transactions that see the very `clock` table it was read from
/// (`kv::ReadTxn::stamp`), whoever committed meanwhile. Thread-safe.
class ClockCache {
  public:
    using Shared = std::shared_ptr<const schema::Clock>;
    using Entry = std::map<schema::BucketId, Shared>::node_type;

    /// The clock as the transaction sees it.
    Result<Shared> load(kv::ReadTxn& txn, schema::BucketId bucket, const OriginTable& origins);
    /// What is to be kept once a transaction has committed: made before it does, because nothing
    /// may fail after.
    static Entry entry(schema::BucketId bucket, schema::Clock clock);
    /// The transaction, which began at `stamp`, has committed and left the bucket's clock so.
    void committed(const kv::WriteTxn& txn, std::uint64_t stamp, Entry entry) noexcept;

  private:
    void keep(std::uint64_t stamp, Entry entry) noexcept;

    std::mutex mutex_;
    std::uint64_t stamp_ = 0;  ///< of the table that all of `clocks_` stand in
    std::map<schema::BucketId, Shared> clocks_;
};

}  // namespace kigumi
