#pragma once

#include <optional>
#include <set>
#include <string>

#include "kigumi/clocks/hlc.hpp"
#include "kigumi/clocks/version_vector.hpp"
#include "kigumi/replication/kv.hpp"
#include "origin_table.hpp"
#include "place.hpp"
#include "signatures.hpp"

/// What stands in the small tables, and the keys of all of them (`docs/format/store.md`).
namespace kigumi::schema {

inline constexpr std::uint32_t kFormatVersion = 1;
/// While a bucket has an overlay (`overlay.hpp`): who does not know of it would miss rows.
inline constexpr std::uint32_t kOverlaidFormat = 2;
/// Once a bucket is signed or a write with a proof is held, for good: who does not know of proofs
/// could not read those rows, and would write without.
inline constexpr std::uint32_t kProvenFormat = 3;

using BucketId = std::uint32_t;

std::string bucket_prefix(BucketId bucket);
/// The next key after every key that begins with `prefix` (which must not be all 0xFF).
std::string after_prefix(std::string prefix);
std::string log_key(BucketId bucket, std::uint32_t origin, std::uint64_t counter);

Result<void> put_format(kv::WriteTxn& txn, std::uint32_t format);
/// The format of an environment that has none yet is 1.
Result<std::uint32_t> format(kv::ReadTxn& txn);
/// Raises the format, if it is lower.
Result<void> raise_format(kv::WriteTxn& txn, std::uint32_t format);
/// kUnsupported if the environment has a format that this version does not know.
Result<void> check_format(kv::ReadTxn& txn);
Result<std::optional<ReplicaId>> replica(kv::ReadTxn& txn);
/// The place that the identity belongs to, as far as it was noted; nothing if there is none.
Result<std::optional<Place>> place(kv::ReadTxn& txn);
/// Notes the place anew, for the same identity.
Result<void> put_place(kv::WriteTxn& txn, const Place& place);
/// Replaces the identity. Without a key, as environments of earlier versions have it, it cannot
/// write to signed buckets.
Result<void> put_identity(kv::WriteTxn& txn, const ReplicaId& replica, const Place& place,
                          const SigningKey* key);
/// The key pair of the present identity; nothing if it was made without one.
Result<std::optional<SigningKey>> signing_key(kv::ReadTxn& txn);

/// Earlier identities of this environment that used names twice.
Result<void> put_forked(kv::WriteTxn& txn, const ReplicaId& replica);
Result<std::set<ReplicaId>> forked(kv::ReadTxn& txn);

/// Earlier identities that are not retired from the list of members yet.
Result<void> put_left(kv::WriteTxn& txn, const ReplicaId& replica);
Result<void> erase_left(kv::WriteTxn& txn, const ReplicaId& replica);
Result<std::set<ReplicaId>> left(kv::ReadTxn& txn);

Result<Hlc> last_time(kv::ReadTxn& txn);
Result<void> put_last_time(kv::WriteTxn& txn, Hlc time);

Result<std::optional<BucketId>> find_bucket(kv::ReadTxn& txn, std::string_view name);
Result<BucketId> make_bucket(kv::WriteTxn& txn, std::string_view name);
/// Whether all writes of the bucket have to bear proofs here (`Store::sign_bucket`).
Result<bool> is_signed(kv::ReadTxn& txn, std::string_view name);
Result<void> put_signed(kv::WriteTxn& txn, std::string_view name);

/// How far the staged rows of a bucket go; an empty mark is none.
Result<std::string> pull_mark(kv::ReadTxn& txn, BucketId bucket);
Result<void> put_pull_mark(kv::WriteTxn& txn, BucketId bucket, std::string_view mark);

/// V and G of a bucket, and its horizon (`ReadTransaction::horizon`).
struct Clock {
    VersionVector version;
    VersionVector floor;
    VersionVector horizon;
    bool operator==(const Clock&) const = default;
};
/// What a clock record says of one origin.
struct ClockEntry {
    std::uint64_t version = 0;
    std::uint64_t floor = 0;
    std::uint64_t horizon = 0;
    /// G and the horizon name events that V covers. Others can only come from a peer that lied to
    /// an earlier version, or from damage.
    bool sound() const { return floor <= version && horizon <= version; }
};
std::optional<ClockEntry> read_clock_entry(std::string_view record);
std::string write_clock_entry(const ClockEntry& entry);
/// The bucket's clock. What of G and the horizon V does not cover is cut off, so that a store with
/// such a record goes on; `check` tells of it, and the next event of that origin heals it.
Result<Clock> clock(kv::ReadTxn& txn, BucketId bucket, const OriginTable& origins);
Result<void> put_clock(kv::WriteTxn& txn, BucketId bucket, const Clock& before, const Clock& after,
                       codec::OriginNumbers& origins);

}  // namespace kigumi::schema
