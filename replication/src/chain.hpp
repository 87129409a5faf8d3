#pragma once

#include <optional>

#include "kigumi/crdt/row.hpp"
#include "kigumi/replication/head.hpp"
#include "schema.hpp"

/// The hash chain of an origin over its transactions in a bucket, and the heads that others showed
/// of theirs. Both are in the table `heads` (`docs/format/store.md`).
namespace kigumi::chain {

/// Transactions that are kept for comparison. A store that was put back to a snapshot meets a peer
/// within days; at a transaction a second this is most of a day, and at 40 bytes an entry it is
/// less than 4 MiB for a bucket. What is older is no evidence.
inline constexpr std::uint64_t kKeptTransactions = 65'536;

/// The digest of a transaction's own writes, in the order in which they were made.
class Content {
  public:
    void add(std::string_view place, const Write& write);
    bool empty() const { return empty_; }
    std::string_view bytes() const {
        return {reinterpret_cast<const char*>(hash_.data()), hash_.size()};
    }

  private:
    Head::Hash hash_{};
    bool empty_ = true;
};

/// Where a chain belongs: an origin by its number in this store, and the names that are hashed.
struct Owner {
    schema::BucketId bucket = 0;
    std::uint32_t origin = 0;
    std::string_view bucket_name;
    ReplicaId replica;
};

/// Adds the transaction that ends with `counter`; the one before ended with `previous`. A chain
/// that does not hold that one starts there: the store is of an earlier version, or was written to
/// by one. Erases old entries now and then. O(log n).
Result<void> extend(kv::WriteTxn& txn, const Owner& owner, std::uint64_t previous,
                    std::uint64_t counter, const Content& content);
/// Starts the chain at `counter` unless there is an entry.
Result<void> start(kv::WriteTxn& txn, const Owner& owner, std::uint64_t counter);
/// The hash of the transaction that ended with `counter`; nothing if none did, or it is forgotten.
Result<std::optional<Head::Hash>> hash_at(kv::ReadTxn& txn, schema::BucketId bucket,
                                          std::uint32_t origin, std::uint64_t counter);
/// The counter of the oldest entry; nothing if there is none.
Result<std::optional<std::uint64_t>> oldest(kv::ReadTxn& txn, schema::BucketId bucket,
                                            std::uint32_t origin);
/// Erases the chain. O(entries).
Result<void> erase(kv::WriteTxn& txn, schema::BucketId bucket, std::uint32_t origin);

/// What is kept of another origin's heads.
struct Kept {
    std::optional<Head> newest;
    /// The newest one before events of the origin came by way of others, until the origin has
    /// confirmed it: those events may be of another branch of a forked history, and would hide it.
    std::optional<Head> unconfirmed;
};
Result<Kept> kept(kv::ReadTxn& txn, schema::BucketId bucket, std::uint32_t origin);
/// Keeps a sound head if it is newer than the one that is kept; returns whether it is.
/// `confirmed`: it came from its origin, on a link on which that has confirmed the kept ones.
Result<bool> keep(kv::WriteTxn& txn, schema::BucketId bucket, std::uint32_t origin,
                  const Head& head, bool confirmed);
/// The origin has confirmed what was kept of it.
Result<void> confirm(kv::WriteTxn& txn, schema::BucketId bucket, std::uint32_t origin);

}  // namespace kigumi::chain
