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

    /// The clock as the transaction sees it.
    Result<Shared> load(kv::ReadTxn& txn, schema::BucketId bucket, const OriginTable& origins);
    /// The transaction, which began at `stamp`, has committed and left the bucket's clock so.
    void committed(const kv::WriteTxn& txn, std::uint64_t stamp, schema::BucketId bucket,
                   const schema::Clock& clock) noexcept;

  private:
    void keep(std::uint64_t stamp, schema::BucketId bucket, Shared clock);

    std::mutex mutex_;
    std::uint64_t stamp_ = 0;  ///< of the table that all of `clocks_` stand in
    std::map<schema::BucketId, Shared> clocks_;
};

}  // namespace kigumi
