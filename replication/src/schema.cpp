#include "schema.hpp"

#include <algorithm>

#include "ascending.hpp"
#include "big_endian.hpp"

namespace kigumi::schema {
namespace {

using kv::Table;

constexpr std::string_view kFormat = "format";
constexpr std::string_view kReplica = "replica";
constexpr std::string_view kHome = "home";
constexpr std::string_view kSeed = "seed";
constexpr std::string_view kTime = "hlc";
/// Followed by a replica id.
constexpr std::string_view kForked = "forked";
constexpr std::string_view kNewestBucket = "newest-bucket";
/// Followed by a replica id.
constexpr std::string_view kLeft = "departed";
/// Followed by the bucket's number.
constexpr std::string_view kPull = "pull";
/// Behind the number of a signed bucket.
constexpr char kSigned = 1;
constexpr std::size_t kNumberBytes = 4;

std::string key_of(std::string_view what, const ReplicaId& replica) {
    return std::string(what) + std::string(replica.bytes());
}

/// The replicas whose ids stand behind `what` in the keys of `meta`.
Result<std::set<ReplicaId>> replicas_behind(kv::ReadTxn& txn, std::string_view what) {
    std::set<ReplicaId> replicas;
    KIGUMI_TRY(const auto cursor, txn.cursor(Table::kMeta));
    KIGUMI_TRY(auto item, cursor->seek(what));
    while (item && item->key.starts_with(what)) {
        if (const auto replica = ReplicaId::from_bytes(item->key.substr(what.size())))
            replicas.insert(*replica);
        KIGUMI_TRY(item, cursor->next());
    }
    return replicas;
}

}  // namespace

std::string bucket_prefix(BucketId bucket) {
    std::string key;
    append_u32(key, bucket);
    return key;
}

std::string after_prefix(std::string prefix) {
    while (!prefix.empty() && prefix.back() == '\xFF') prefix.pop_back();
    if (!prefix.empty()) ++prefix.back();
    return prefix;
}

std::string log_key(BucketId bucket, std::uint32_t origin, std::uint64_t counter) {
    std::string key = bucket_prefix(bucket);
    append_u32(key, origin);
    append_u64(key, counter);
    return key;
}

Result<void> put_format(kv::WriteTxn& txn, std::uint32_t version) {
    std::string format;
    append_u32(format, version);
    return txn.put(Table::kMeta, kFormat, format);
}

Result<std::uint32_t> format(kv::ReadTxn& txn) {
    KIGUMI_TRY(const auto stored, txn.get(Table::kMeta, kFormat));
    return stored ? read_u32(*stored) : kFormatVersion;
}

Result<void> raise_format(kv::WriteTxn& txn, std::uint32_t version) {
    KIGUMI_TRY(const std::uint32_t present, format(txn));
    return present < version ? put_format(txn, version) : Result<void>();
}

Result<void> check_format(kv::ReadTxn& txn) {
    KIGUMI_TRY(const std::uint32_t present, format(txn));
    if (present >= kFormatVersion && present <= kProvenFormat) return {};
    return fail(ErrorCode::kUnsupported,
                "the data directory has format " + std::to_string(present) +
                    " and this version reads formats " + std::to_string(kFormatVersion) + " to " +
                    std::to_string(kProvenFormat) + "; use the version that wrote it");
}

Result<std::optional<ReplicaId>> replica(kv::ReadTxn& txn) {
    KIGUMI_TRY(const auto stored, txn.get(Table::kMeta, kReplica));
    if (!stored) return std::optional<ReplicaId>();
    const auto id = ReplicaId::from_bytes(stored->substr(0, ReplicaId::kSize));
    if (!id)
        return fail(ErrorCode::kCorrupt,
                    "the stored replica identity is malformed; restore from a peer");
    return id;
}

Result<std::optional<Place>> place(kv::ReadTxn& txn) {
    KIGUMI_TRY(const auto stored, txn.get(Table::kMeta, kReplica));
    KIGUMI_TRY(const auto home, txn.get(Table::kMeta, kHome));
    if (!stored || stored->size() != ReplicaId::kSize + 16) return std::optional<Place>();
    Place place;
    place.device = read_u64(stored->substr(ReplicaId::kSize));
    place.inode = read_u64(stored->substr(ReplicaId::kSize + 8));
    // Stores of earlier versions have none.
    if (home && home->size() >= 8) {
        place.birth_ns = read_u64(*home);
        place.nonce = home->substr(8);
    }
    return std::optional<Place>(std::move(place));
}

Result<void> put_place(kv::WriteTxn& txn, const Place& place) {
    KIGUMI_TRY(const auto id, replica(txn));
    if (!id) return {};
    std::string identity(id->bytes());
    append_u64(identity, place.device);
    append_u64(identity, place.inode);
    KIGUMI_CHECK(txn.put(Table::kMeta, kReplica, identity));
    std::string home;
    append_u64(home, place.birth_ns);
    return txn.put(Table::kMeta, kHome, home + place.nonce);
}

Result<void> put_identity(kv::WriteTxn& txn, const ReplicaId& replica, const Place& place,
                          const SigningKey* key) {
    KIGUMI_TRY(const auto format, txn.get(Table::kMeta, kFormat));
    if (!format) KIGUMI_CHECK(put_format(txn, kFormatVersion));
    KIGUMI_CHECK(txn.put(Table::kMeta, kReplica, replica.bytes()));
    KIGUMI_CHECK(put_place(txn, place));
    if (key == nullptr) return txn.erase(Table::kMeta, kSeed);
    return txn.put(Table::kMeta, kSeed,
                   {reinterpret_cast<const char*>(key->seed().data()), key->seed().size()});
}

Result<std::optional<SigningKey>> signing_key(kv::ReadTxn& txn) {
    KIGUMI_TRY(const auto self, replica(txn));
    KIGUMI_TRY(const auto stored, txn.get(Table::kMeta, kSeed));
    std::optional<SigningKey> key;
    if (!stored || stored->size() != SigningKey::kSeedSize) return key;
    SigningKey::Seed seed{};
    std::copy(stored->begin(), stored->end(), seed.begin());
    key.emplace(seed);
    // An earlier version that takes a new identity leaves the seed of the old one.
    if (self != key->replica()) key.reset();
    return key;
}

Result<void> put_forked(kv::WriteTxn& txn, const ReplicaId& replica) {
    return txn.put(Table::kMeta, key_of(kForked, replica), {});
}
Result<std::set<ReplicaId>> forked(kv::ReadTxn& txn) { return replicas_behind(txn, kForked); }

Result<void> put_left(kv::WriteTxn& txn, const ReplicaId& replica) {
    return txn.put(Table::kMeta, key_of(kLeft, replica), {});
}
Result<void> erase_left(kv::WriteTxn& txn, const ReplicaId& replica) {
    return txn.erase(Table::kMeta, key_of(kLeft, replica));
}
Result<std::set<ReplicaId>> left(kv::ReadTxn& txn) { return replicas_behind(txn, kLeft); }

Result<Hlc> last_time(kv::ReadTxn& txn) {
    KIGUMI_TRY(const auto stored, txn.get(Table::kMeta, kTime));
    return Hlc{stored ? read_u64(*stored) : 0};
}

Result<void> put_last_time(kv::WriteTxn& txn, Hlc time) {
    std::string bits;
    append_u64(bits, time.bits);
    return txn.put(Table::kMeta, kTime, bits);
}

Result<std::optional<BucketId>> find_bucket(kv::ReadTxn& txn, std::string_view name) {
    KIGUMI_TRY(const auto stored, txn.get(Table::kBuckets, name));
    if (!stored) return std::optional<BucketId>();
    return std::optional<BucketId>(read_u32(*stored));
}

Result<BucketId> make_bucket(kv::WriteTxn& txn, std::string_view name) {
    KIGUMI_TRY(const auto found, find_bucket(txn, name));
    if (found) return *found;
    KIGUMI_TRY(const std::uint64_t present, txn.items(Table::kBuckets));
    KIGUMI_TRY(const auto newest, txn.get(Table::kMeta, kNewestBucket));
    BucketId next = 1;
    // Buckets are never erased: as long as there are as many as there were then, nobody who does
    // not know of this note has made one since.
    if (newest && newest->size() == 12 && read_u64(*newest) == present) {
        next = read_u32(newest->substr(8)) + 1;
    } else {
        KIGUMI_TRY(const auto cursor, txn.cursor(Table::kBuckets));
        KIGUMI_TRY(auto item, cursor->seek({}));
        while (item) {
            next = std::max(next, read_u32(item->value) + 1);
            KIGUMI_TRY(item, cursor->next());
        }
    }
    KIGUMI_CHECK(txn.put(Table::kBuckets, name, bucket_prefix(next)));
    std::string note;
    append_u64(note, present + 1);
    KIGUMI_CHECK(txn.put(Table::kMeta, kNewestBucket, note + bucket_prefix(next)));
    return next;
}

Result<bool> is_signed(kv::ReadTxn& txn, std::string_view name) {
    KIGUMI_TRY(const auto stored, txn.get(Table::kBuckets, name));
    return stored && stored->size() > kNumberBytes && (*stored)[kNumberBytes] == kSigned;
}

Result<void> put_signed(kv::WriteTxn& txn, std::string_view name) {
    KIGUMI_TRY(const BucketId bucket, make_bucket(txn, name));
    return txn.put(Table::kBuckets, name, bucket_prefix(bucket) + kSigned);
}

Result<std::string> pull_mark(kv::ReadTxn& txn, BucketId bucket) {
    KIGUMI_TRY(const auto stored,
               txn.get(Table::kMeta, std::string(kPull) + bucket_prefix(bucket)));
    return std::string(stored.value_or(std::string_view()));
}

Result<void> put_pull_mark(kv::WriteTxn& txn, BucketId bucket, std::string_view mark) {
    const std::string key = std::string(kPull) + bucket_prefix(bucket);
    return mark.empty() ? txn.erase(Table::kMeta, key) : txn.put(Table::kMeta, key, mark);
}

std::optional<ClockEntry> read_clock_entry(std::string_view record) {
    if (record.size() != 24) return std::nullopt;
    return ClockEntry{read_u64(record), read_u64(record.substr(8)), read_u64(record.substr(16))};
}

std::string write_clock_entry(const ClockEntry& entry) {
    std::string record;
    append_u64(record, entry.version);
    append_u64(record, entry.floor);
    append_u64(record, entry.horizon);
    return record;
}

Result<Clock> clock(kv::ReadTxn& txn, BucketId bucket, const OriginTable& origins) {
    Clock clock;
    const std::string prefix = bucket_prefix(bucket);
    KIGUMI_TRY(const auto cursor, txn.cursor(Table::kClock));
    KIGUMI_TRY(auto item, cursor->seek(prefix));
    while (item && item->key.starts_with(prefix)) {
        const ReplicaId* origin = origins.name_of(read_u32(item->key.substr(prefix.size())));
        const auto entry = read_clock_entry(item->value);
        if (origin == nullptr || !entry)
            return fail(ErrorCode::kCorrupt,
                        "a stored clock entry is malformed; restore from a peer");
        clock.version.raise(*origin, entry->version);
        clock.floor.raise(*origin, std::min(entry->floor, entry->version));
        clock.horizon.raise(*origin, std::min(entry->horizon, entry->version));
        KIGUMI_TRY(item, cursor->next());
    }
    return clock;
}

Result<void> put_clock(kv::WriteTxn& txn, BucketId bucket, const Clock& before, const Clock& after,
                       codec::OriginNumbers& origins) {
    Ascending floors(after.floor);
    Ascending horizons(after.horizon);
    Ascending versions_before(before.version);
    Ascending floors_before(before.floor);
    Ascending horizons_before(before.horizon);
    for (const auto& [origin, counter] : after.version) {
        const std::uint64_t floor = floors[origin];
        const std::uint64_t horizon = horizons[origin];
        const bool same = versions_before[origin] == counter && floors_before[origin] == floor &&
                          horizons_before[origin] == horizon;
        if (same) continue;
        std::string key = bucket_prefix(bucket);
        append_u32(key, static_cast<std::uint32_t>(origins.number_of(origin)));
        KIGUMI_CHECK(txn.put(Table::kClock, key, write_clock_entry({counter, floor, horizon})));
    }
    return {};
}

}  // namespace kigumi::schema
