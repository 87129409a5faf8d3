#pragma once

#include "bucket_reader.hpp"
#include "kigumi/replication/transaction.hpp"
#include "store_state.hpp"

namespace kigumi {

/// Whether a row holds nothing but removals that everybody has seen.
bool collectable(const Row& row, const VersionVector& stable);

struct ReadTransaction::State {
    std::unique_ptr<kv::ReadTxn> txn;
    std::string name;
    schema::BucketId bucket;  ///< 0 if it does not exist: no row has that prefix
    std::shared_ptr<const OriginTable> origins;
    schema::Clock clock;

    bucket::Reader reader() { return {*txn, bucket, *origins}; }
    Result<std::uint64_t> count(kv::Table table) const;
};

struct WriteTransaction::State {
    StoreState& store;
    std::unique_ptr<kv::WriteTxn> txn;
    std::string name;
    schema::BucketId bucket;
    GrowingOrigins origins;
    schema::Clock before;
    schema::Clock clock;
    ReplicaId self;
    HlcClock time;
    Hlc time_before;
    std::optional<Hlc> now;
    std::size_t written_bytes = 0;  ///< by local writes, for the limit
    bool dirty = false;

    bucket::Reader reader() { return {*txn, bucket, origins}; }
    Result<void> write_row(const RowKey& at, const Row& before_row, const Row& after);
    std::string log_key(const Dot& dot) {
        return schema::log_key(bucket, static_cast<std::uint32_t>(origins.number_of(dot.origin)),
                               dot.counter);
    }
    /// Fails if some row holds this write already: the log has room for one.
    Result<void> check_new(const Dot& dot);
};

}  // namespace kigumi
