#pragma once

#include "big_endian.hpp"
#include "bucket_reader.hpp"
#include "chain.hpp"
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
    ClockCache::Shared clock;
    std::optional<Overlay> overlay;

    bucket::Reader reader() { return {*txn, bucket, *origins, overlay ? &*overlay : nullptr}; }
    Result<std::uint64_t> count(kv::Table table) const;
};

struct WriteTransaction::State {
    StoreState& store;
    std::unique_ptr<kv::WriteTxn> txn;
    std::string name;
    schema::BucketId bucket;
    GrowingOrigins origins;
    std::uint64_t clock_stamp;
    ClockCache::Shared before;
    schema::Clock clock;
    ReplicaId self;
    HlcClock time;
    Hlc time_before;
    std::optional<Overlay> overlay;
    std::optional<Hlc> now;
    std::size_t written_bytes = 0;  ///< by local writes, for the limit
    bool dirty = false;
    bool is_signed = false;         ///< the bucket: new writes are, and others have to be
    std::optional<SigningKey> key;  ///< once something was signed
    bool proven = false;            ///< a proof was stored
    chain::Content own_writes{};    ///< of this transaction
    std::optional<Error> refused;   ///< why it must not be committed

    bucket::Reader reader() { return {*txn, bucket, origins, overlay ? &*overlay : nullptr}; }
    /// Gives proofs to the own writes that `before` lacks.
    Result<void> sign(const RowKey& at, const Row& before_row, Row& after);
    /// The row's record, for any table.
    std::string record_of(const StoreKey& key, const RowKey& at, const Row& row);
    /// Writes what is to show instead of `before`; with it, what lies over the row is folded.
    Result<void> write_row(const RowKey& at, const Row& before_row, const Row& after);
    /// Writes the row itself and its index entries.
    Result<void> store_row(const RowKey& at, const StoreKey& key, const Row& before_row,
                           const Row& after);
    Result<void> fold_row(const std::string& place, std::optional<std::string_view> staged);
    Result<void> fold_damaged_row(const std::string& place, const KeyedRow& theirs);
    std::string log_key(const Dot& dot) {
        return schema::log_key(bucket, static_cast<std::uint32_t>(origins.number_of(dot.origin)),
                               dot.counter);
    }
    /// Where the chain of this store's own transactions in the bucket is.
    chain::Owner owner() {
        return {bucket, static_cast<std::uint32_t>(origins.number_of(self)), name, self};
    }
    /// Cuts off what a record of the clock names beyond V (`schema::ClockEntry::sound`).
    Result<void> cut_clock_entry(const std::string& key);
    /// Fails if some row holds this write already: the log has room for one.
    Result<void> check_new(const Dot& dot);
};

}  // namespace kigumi
