#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/replication/backup_record.hpp"
#include "kigumi/replication/contact_record.hpp"
#include "kigumi/replication/lmdb_env.hpp"
#include "kigumi/replication/transaction.hpp"

namespace kigumi {

/// The bucket of who names none.
inline constexpr std::string_view kDefaultBucket = "default";
/// What one transaction may write, in bytes of stored rows.
inline constexpr std::size_t kMaxTransactionBytes = std::size_t{64} << 20;

/// What a store is opened with; the defaults are right for everything but tests.
struct StoreOptions {
    kv::LmdbOptions lmdb;
    /// Milliseconds since 1970; the system's clock if empty.
    std::function<std::uint64_t()> wall_ms;
    /// Fills with random bytes; the system's generator if empty.
    std::function<void(std::span<std::uint8_t>)> random;
};

/// What this node knows of another: how far it has confirmed to hold the bucket durably.
struct PeerRecord {
    ReplicaId replica;
    std::string address;  ///< empty if it is known through others only
    bool connected = false;
    std::uint64_t changed_ms = 0;   ///< when `connected` last changed, ms since 1970
    VersionVector acknowledged;     ///< the newest word
    VersionVector settled;          ///< the newest word of which this node holds everything itself
    std::uint64_t settled_ms = 0;   ///< when `settled` last changed, ms since 1970
    std::uint64_t audited_ms = 0;   ///< when the last audit with it ended, ms since 1970; 0: none
    std::uint64_t differences = 0;  ///< rows that differed, in all audits with it
    /// The peer that it belongs to, by the first of its keys; empty if peers have no keys, or if
    /// that is not known.
    std::string peer;
    /// Whether it counts for `Store::confirmed`: its key is known and may read the bucket, or peers
    /// have no keys.
    bool holds = true;
    /// `acknowledged` lacks entries of origins that this node had not heard of.
    bool trimmed = false;
};

/// A version of a bucket that this node has held for at least so long, in time that it has run.
struct HeldVersion {
    std::uint64_t held_ms = 0;
    VersionVector version;
};

/// Timestamps of other replicas that lay so far in the future that the own clock did not follow
/// them (`HlcClock`), since the store was opened by this process.
struct ClockSkew {
    std::uint64_t writes = 0;      ///< that bore one
    std::uint64_t largest_ms = 0;  ///< by how much the furthest was beyond what is followed
};

/// Buckets that were changed since a commit, by any process.
struct RecentChanges {
    std::uint64_t last = 0;            ///< the number of the newest commit that changed a bucket
    std::vector<std::string> buckets;  ///< the latest first, each once
    bool complete = false;             ///< these are all; otherwise there may be any others
};

/// Why a store that was opened took a new identity.
struct IdentityChange {
    ReplicaId old;
    std::string reason;
};

/// A node's store: buckets of rows in an LMDB environment, shared by the processes of the node.
///
/// Thread-safe. Open a directory once per process. Transactions must end before their store does. A
/// commit by any process wakes the node's daemon.
class KIGUMI_API Store {
  public:
    /// Opens the directory, creating it (and a new replica identity) if it does not exist yet.
    static Result<std::unique_ptr<Store>> open(const std::filesystem::path& directory,
                                               StoreOptions options = {});
    /// A store over another environment, such as one in memory.
    static Result<std::unique_ptr<Store>> over(std::shared_ptr<kv::Env> env,
                                               StoreOptions options = {});
    ~Store();

    /// A snapshot of the bucket, empty if it does not exist.
    Result<ReadTransaction> read(std::string_view bucket = kDefaultBucket);
    /// Waits for its turn to write to the bucket, which is created by the first commit.
    Result<WriteTransaction> write(std::string_view bucket = kDefaultBucket);

    /// A snapshot that shows all that a session has seen of the bucket: waits for it, at most so
    /// long. kNotYet if it is not here by then; a token from elsewhere, or of what was never
    /// written, just waits.
    Result<ReadTransaction> read_at_least(const SessionToken& token, std::string_view bucket,
                                          std::chrono::milliseconds timeout);

    /// How many other peers are known to hold this version of the bucket durably. Replicas of one
    /// key, or of keys that are listed as one peer's, count once, and only if the key is known here
    /// and may read the bucket. Without keys each replica counts. Retired ones do not. What is
    /// known is as fresh as the running node has written down.
    Result<std::size_t> confirmed(std::string_view bucket, const VersionVector& version);
    /// Waits until that are at least `peers`, at most so long; the node writes it down at once
    /// while somebody waits. Returns how many they are; kNotYet, with a message that says it, if
    /// they are too few. What was written stays in any case. Nobody confirms if no node runs.
    Result<std::size_t> wait_confirmed(std::string_view bucket, const VersionVector& version,
                                       std::size_t peers, std::chrono::milliseconds timeout);

    /// One step of folding in what a large pull brought (`ReadTransaction::folding`): up to `rows`
    /// rows or about `bytes` of them, in a transaction. Returns whether nothing is left. A running
    /// node does this by itself; anybody may, at any time.
    Result<bool> fold(std::string_view bucket, std::size_t rows, std::size_t bytes);

    /// Makes the bucket signed here, for good: its own writes bear proofs of their origin
    /// (Ed25519), and those of others are taken only with theirs, whoever brings them
    /// (`docs/operations/security.md`). All masters that write to the bucket have to do so, before
    /// the first write; it does nothing if it was done. kInvalidArgument if the bucket holds a
    /// write without a sound proof, kBusy while a pull is folded in. An identity that was made
    /// without a key is renewed. Other writers wait meanwhile: about 60 µs for each write that is
    /// there.
    Result<void> sign_bucket(std::string_view bucket);
    Result<bool> is_signed(std::string_view bucket);
    /// For replication: kCorrupt if the bucket is signed and one of the rows holds a write that has
    /// no sound proof and is not here with the same bytes. Returns whether the bucket is signed:
    /// what was checked before it was must not be joined after.
    Result<bool> check_proofs(std::string_view bucket, const std::vector<KeyedRow>& rows);

    /// The names of all buckets, sorted.
    Result<std::vector<std::string>> buckets();
    /// Of them up to `limit`, from the first behind `after`.
    Result<std::vector<std::string>> buckets_after(std::string_view after, std::size_t limit);
    /// How many there are. O(1).
    Result<std::uint64_t> count_buckets();
    /// Which buckets were changed since the commit of this number (0: since ever), as far as that
    /// is remembered. Processes with an earlier version of this library leave nothing here. O(1).
    Result<RecentChanges> changes_since(std::uint64_t number);

    /// How many buckets the running node does not replicate, because they are more than it may
    /// (`ReplicatorOptions::max_buckets`). As fresh as the node has written down.
    Result<std::uint64_t> left_out();
    Result<void> put_left_out(std::uint64_t buckets);
    /// The identity that the next write will bear.
    Result<ReplicaId> replica();
    /// Whether this environment took a new identity when it was opened: it is a copy, or has gone
    /// back in time. What its old one wrote stays valid.
    const std::optional<IdentityChange>& renewed() const;
    /// Takes a new identity if the present one is `compromised`: somebody else has used it, or this
    /// environment has gone back in time. The old one's history stays valid; if it wrote anything,
    /// it is to be retired (`retire_left_identities`). `forked`: it may have used names twice,
    /// which audits settle from now on (`WriteTransaction::settle_row`). Returns the new identity.
    /// O(what is kept of the old one's chains).
    Result<ReplicaId> renew_identity(const ReplicaId& compromised, bool forked = false);

    /// Retires the earlier identities of this environment from the list of members
    /// (`members.hpp`), once for each: those that wrote anything, whose place a new one has taken.
    /// Running nodes do so; a copy that is only read stays as it is. One read if there are none.
    Result<void> retire_left_identities();

    // Heads (`head.hpp`).

    /// What this store's own chain says of a head. About 60 µs if it is not on the chain, otherwise
    /// a read.
    Result<HeadStanding> check_head(std::string_view bucket, const Head& head);
    /// What is kept of another origin's heads, the newest first: one, or two if the second was not
    /// confirmed by its origin yet.
    Result<std::vector<Head>> kept_heads(std::string_view bucket, const ReplicaId& origin);
    /// `WriteTransaction::keep_head` in a transaction of its own, if that changes anything.
    Result<void> keep_head(std::string_view bucket, const ReplicaId& origin, const Head& head,
                           bool confirmed);
    /// The origin has confirmed what is kept of it.
    Result<void> confirm_heads(std::string_view bucket, const ReplicaId& origin);
    /// Starts the chain of the present identity in a bucket that an earlier version wrote to.
    Result<void> start_chain(std::string_view bucket);

    /// Replaces what is known of these peers, by bucket, and forgets those that are `gone`; in one
    /// transaction.
    Result<void> put_peers(const std::map<std::string, std::vector<PeerRecord>>& peers,
                           const std::map<std::string, std::vector<ReplicaId>>& gone = {});
    Result<std::vector<PeerRecord>> peers(std::string_view bucket);

    /// Replaces the nodes that this one has met, and how far it doubts itself.
    Result<void> put_contacts(const std::vector<ContactRecord>& contacts,
                              std::uint64_t self_doubt = 0);
    /// 0 if it is sound.
    Result<std::uint64_t> self_doubt();
    Result<std::vector<ContactRecord>> contacts();

    /// What `WriteTransaction::mark_staged` has noted of a pull under way; empty if there is none.
    Result<std::string> staged_mark(std::string_view bucket);
    /// Replaces what is known of how long the bucket's versions have been held, the oldest first.
    Result<void> put_held_versions(std::string_view bucket, const std::vector<HeldVersion>& held);
    Result<std::vector<HeldVersion>> held_versions(std::string_view bucket);

    /// Replaces, or removes, what is known of a backup target; durably.
    Result<void> put_backup(const BackupRecord& record);
    Result<void> erase_backup(std::string_view target);
    /// The places that this node backs up to, by id.
    Result<std::vector<BackupRecord>> backups();

    Result<kv::Usage> usage();
    ClockSkew clock_skew() const;
    /// Where the store lives; empty for one in memory.
    const std::filesystem::path& directory() const;
    std::uint64_t wall_ms() const;

  private:
    explicit Store(std::unique_ptr<StoreState> state);
    std::unique_ptr<StoreState> state_;
};

}  // namespace kigumi
