#include "kigumi/replication/store.hpp"

#include <sodium/core.h>
#include <sodium/randombytes.h>
#include <sys/stat.h>

#include <chrono>

#include "big_endian.hpp"
#include "kigumi/replication/commit_signal.hpp"
#include "transaction_state.hpp"

namespace kigumi {
namespace {

using kv::Table;

constexpr std::size_t kMaxBucketName = 255;
/// Followed by the bucket's number.
constexpr std::string_view kHeld = "held";
constexpr std::string_view kLeftOut = "left-out";

std::uint64_t system_wall_ms() {
    using namespace std::chrono;
    return static_cast<std::uint64_t>(
        duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

void system_random(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

schema::Place place_of(const std::filesystem::path& directory) {
    struct stat info {};
    if (directory.empty() || stat((directory / "data.mdb").c_str(), &info) != 0) return {};
    return {info.st_dev, info.st_ino};
}

Result<void> check_bucket(std::string_view name) {
    if (!name.empty() && name.size() <= kMaxBucketName && is_utf8(name)) return {};
    return fail(ErrorCode::kInvalidArgument, "a bucket's name is UTF-8 of 1 to 255 bytes");
}

/// Why the identity that the environment bears must not be used here; empty if it may.
Result<std::string> objection(kv::ReadTxn& txn, const schema::Place& place, bool went_back) {
    KIGUMI_TRY(const auto present, schema::replica(txn));
    if (!present) return std::string("new");
    KIGUMI_TRY(const bool settled, schema::lives_at(txn, place));
    if (!settled) return std::string("the store was copied here from another place");
    if (went_back)
        return std::string("the store has gone back in time: an older file was restored");
    return std::string();
}

Result<void> settle_identity(StoreState& state) {
    const schema::Place place = place_of(state.directory);
    state.mark = CommitMark(state.directory);
    // In this order: other processes go on committing, and then the mark.
    const std::uint64_t marked = state.mark.read();
    KIGUMI_TRY(const kv::Usage usage, state.env->usage());
    const bool went_back = usage.commits < marked;
    {
        KIGUMI_TRY(const auto txn, state.env->begin_read());
        KIGUMI_CHECK(schema::check_format(*txn));
        KIGUMI_TRY(const std::string reason, objection(*txn, place, went_back));
        if (reason.empty()) return {};
    }
    KIGUMI_TRY(const auto txn, state.env->begin_write());
    // Another process may have been faster.
    KIGUMI_TRY(const std::string reason,
               objection(*txn, place, went_back && state.mark.read() == marked));
    if (reason.empty()) return {};
    KIGUMI_TRY(const auto old, schema::replica(*txn));
    KIGUMI_CHECK(state.take_new_identity(*txn));
    KIGUMI_CHECK(txn->commit());
    if (old) state.renewed = IdentityChange{*old, reason};
    state.committed();
    return {};
}

void write_peer(codec::Packer& packer, const PeerRecord& peer) {
    packer.pack_array(8);
    codec::pack_text(packer, peer.address);
    peer.connected ? packer.pack_true() : packer.pack_false();
    packer.pack_uint64(peer.changed_ms);
    codec::write_vector(packer, peer.acknowledged);
    codec::write_vector(packer, peer.settled);
    packer.pack_uint64(peer.settled_ms);
    packer.pack_uint64(peer.audited_ms);
    packer.pack_uint64(peer.differences);
}

}  // namespace

Result<ReplicaId> StoreState::take_new_identity(kv::WriteTxn& txn) const {
    // It always has a key: some bucket may become signed later.
    SigningKey::Seed seed{};
    options.random(seed);
    const SigningKey key(seed);
    KIGUMI_CHECK(schema::put_identity(txn, key.replica(), place_of(directory), &key));
    return key.replica();
}

void StoreState::committed() {
    if (directory.empty()) return;
    if (const auto usage = env->usage()) mark.write(usage->commits);
    commit_signal::send(directory);
}

Store::Store(std::unique_ptr<StoreState> state) : state_(std::move(state)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& directory,
                                           StoreOptions options) {
    KIGUMI_TRY(std::shared_ptr<kv::Env> env, kv::open_lmdb(directory, options.lmdb));
    KIGUMI_TRY(auto store, over(env, std::move(options)));
    store->state_->directory = directory;
    KIGUMI_CHECK(settle_identity(*store->state_));
    return store;
}

Result<std::unique_ptr<Store>> Store::over(std::shared_ptr<kv::Env> env, StoreOptions options) {
    if (sodium_init() < 0) return fail(ErrorCode::kIo, "the system has no random generator");
    if (!options.wall_ms) options.wall_ms = system_wall_ms;
    if (!options.random) options.random = system_random;
    auto state = std::make_unique<StoreState>();
    state->env = std::move(env);
    state->options = std::move(options);
    return std::unique_ptr<Store>(new Store(std::move(state)));
}

Result<ReadTransaction> Store::read(std::string_view bucket) {
    KIGUMI_CHECK(check_bucket(bucket));
    auto state = std::make_unique<ReadTransaction::State>();
    KIGUMI_TRY(state->txn, state_->env->begin_read());
    KIGUMI_TRY(const auto id, schema::find_bucket(*state->txn, bucket));
    state->name = bucket;
    state->bucket = id.value_or(0);
    KIGUMI_TRY(state->origins, state_->origins.load(*state->txn, true));
    KIGUMI_TRY(state->clock, state_->clocks.load(*state->txn, state->bucket, *state->origins));
    KIGUMI_TRY(state->overlay, overlay::find(*state->txn, state->bucket));
    return ReadTransaction(std::move(state));
}

Result<WriteTransaction> Store::write(std::string_view bucket) {
    KIGUMI_CHECK(check_bucket(bucket));
    KIGUMI_TRY(auto txn, state_->env->begin_write());
    KIGUMI_TRY(const auto id, schema::make_bucket(*txn, bucket));
    KIGUMI_TRY(const bool is_signed, schema::is_signed(*txn, bucket));
    KIGUMI_TRY(auto origins, state_->origins.load(*txn, false));
    const std::uint64_t clock_stamp = txn->stamp(Table::kClock);
    KIGUMI_TRY(const auto clock, state_->clocks.load(*txn, id, *origins));
    KIGUMI_TRY(auto self, schema::replica(*txn));
    if (!self) {
        // Only environments in memory come here without an identity: open() settles it for files.
        KIGUMI_TRY(self, state_->take_new_identity(*txn));
    }
    KIGUMI_TRY(const Hlc time, schema::last_time(*txn));
    KIGUMI_TRY(auto overlay, overlay::find(*txn, id));
    return WriteTransaction(std::unique_ptr<WriteTransaction::State>(
        new WriteTransaction::State{*state_,
                                    std::move(txn),
                                    std::string(bucket),
                                    id,
                                    GrowingOrigins(std::move(origins)),
                                    clock_stamp,
                                    clock,
                                    *clock,
                                    *self,
                                    HlcClock(time),
                                    time,
                                    std::move(overlay),
                                    {},
                                    0,
                                    false,
                                    is_signed,
                                    {},
                                    false}));
}

Result<bool> Store::fold(std::string_view bucket, std::size_t rows, std::size_t bytes) {
    {
        KIGUMI_TRY(const ReadTransaction snapshot, read(bucket));
        if (!snapshot.folding()) return true;
    }
    KIGUMI_TRY(WriteTransaction tx, write(bucket));
    KIGUMI_CHECK(tx.fold(rows, bytes));
    const bool done = !tx.folding();
    KIGUMI_CHECK(tx.commit());
    return done;
}

Result<std::vector<std::string>> Store::buckets() {
    KIGUMI_TRY(const auto txn, state_->env->begin_read());
    std::vector<std::string> names;
    KIGUMI_TRY(const auto cursor, txn->cursor(Table::kBuckets));
    KIGUMI_TRY(auto item, cursor->seek({}));
    while (item) {
        names.emplace_back(item->key);
        KIGUMI_TRY(item, cursor->next());
    }
    return names;
}

Result<std::vector<std::string>> Store::buckets_after(std::string_view after, std::size_t limit) {
    KIGUMI_TRY(const auto txn, state_->env->begin_read());
    std::vector<std::string> names;
    KIGUMI_TRY(const auto cursor, txn->cursor(Table::kBuckets));
    KIGUMI_TRY(auto item, cursor->seek(after));
    while (item && names.size() < limit) {
        if (item->key != after) names.emplace_back(item->key);
        KIGUMI_TRY(item, cursor->next());
    }
    return names;
}

Result<std::uint64_t> Store::count_buckets() {
    KIGUMI_TRY(const auto txn, state_->env->begin_read());
    return txn->items(Table::kBuckets);
}

Result<std::uint64_t> Store::left_out() {
    KIGUMI_TRY(const auto txn, state_->env->begin_read());
    KIGUMI_TRY(const auto stored, txn->get(Table::kMeta, kLeftOut));
    return stored && stored->size() == 8 ? read_u64(*stored) : std::uint64_t{0};
}

Result<void> Store::put_left_out(std::uint64_t buckets) {
    KIGUMI_TRY(const auto txn, state_->env->begin_write());
    std::string bytes;
    append_u64(bytes, buckets);
    KIGUMI_CHECK(txn->put(Table::kMeta, kLeftOut, bytes));
    return txn->commit();
}

Result<ReplicaId> Store::replica() {
    {
        KIGUMI_TRY(const auto txn, state_->env->begin_read());
        KIGUMI_TRY(const auto id, schema::replica(*txn));
        if (id) return *id;
    }
    return renew_identity({});
}

const std::optional<IdentityChange>& Store::renewed() const { return state_->renewed; }

Result<ReplicaId> Store::renew_identity(const ReplicaId& compromised) {
    KIGUMI_TRY(const auto txn, state_->env->begin_write());
    KIGUMI_TRY(const auto present, schema::replica(*txn));
    if (present && *present != compromised) return *present;
    KIGUMI_TRY(const ReplicaId fresh, state_->take_new_identity(*txn));
    KIGUMI_CHECK(txn->commit());
    return fresh;
}

Result<void> Store::put_peers(const std::map<std::string, std::vector<PeerRecord>>& peers) {
    KIGUMI_TRY(const auto txn, state_->env->begin_write());
    for (const auto& [bucket, records] : peers) {
        KIGUMI_TRY(const auto id, schema::make_bucket(*txn, bucket));
        for (const PeerRecord& peer : records) {
            codec::Buffer record;
            codec::Packer packer(record);
            write_peer(packer, peer);
            const std::string key = schema::bucket_prefix(id) + std::string(peer.replica.bytes());
            KIGUMI_CHECK(txn->put(Table::kMembers, key, record.bytes));
        }
    }
    return txn->commit();
}

Result<std::vector<PeerRecord>> Store::peers(std::string_view bucket) {
    KIGUMI_TRY(const auto txn, state_->env->begin_read());
    KIGUMI_TRY(const auto id, schema::find_bucket(*txn, bucket));
    const std::string prefix = schema::bucket_prefix(id.value_or(0));
    std::vector<PeerRecord> peers;
    KIGUMI_TRY(const auto cursor, txn->cursor(Table::kMembers));
    KIGUMI_TRY(auto item, cursor->seek(prefix));
    while (item && item->key.starts_with(prefix)) {
        PeerRecord peer;
        peer.replica = ReplicaId::from_bytes(item->key.substr(prefix.size())).value_or(ReplicaId());
        KIGUMI_TRY(MsgpackReader reader, MsgpackReader::parse(item->value));
        // Records that were written before there were audits end earlier.
        const bool audits = reader.array() > 6;
        peer.address = reader.text();
        peer.connected = reader.boolean();
        peer.changed_ms = reader.uint();
        peer.acknowledged = codec::read_vector(reader);
        peer.settled = codec::read_vector(reader);
        peer.settled_ms = reader.uint();
        if (audits) {
            peer.audited_ms = reader.uint();
            peer.differences = reader.uint();
        }
        KIGUMI_CHECK(reader.finish("a stored peer"));
        peers.push_back(std::move(peer));
        KIGUMI_TRY(item, cursor->next());
    }
    return peers;
}

Result<std::string> Store::staged_mark(std::string_view bucket) {
    KIGUMI_TRY(const auto txn, state_->env->begin_read());
    KIGUMI_TRY(const auto id, schema::find_bucket(*txn, bucket));
    return schema::pull_mark(*txn, id.value_or(0));
}

Result<void> Store::put_held_versions(std::string_view bucket,
                                      const std::vector<HeldVersion>& held) {
    KIGUMI_TRY(const auto txn, state_->env->begin_write());
    KIGUMI_TRY(const auto id, schema::make_bucket(*txn, bucket));
    codec::Buffer record;
    codec::Packer packer(record);
    packer.pack_array(static_cast<std::uint32_t>(held.size()));
    for (const HeldVersion& one : held) {
        packer.pack_array(2);
        packer.pack_uint64(one.held_ms);
        codec::write_vector(packer, one.version);
    }
    const std::string key = std::string(kHeld) + schema::bucket_prefix(id);
    KIGUMI_CHECK(txn->put(Table::kMeta, key, record.bytes));
    return txn->commit();
}

Result<std::vector<HeldVersion>> Store::held_versions(std::string_view bucket) {
    KIGUMI_TRY(const auto txn, state_->env->begin_read());
    KIGUMI_TRY(const auto id, schema::find_bucket(*txn, bucket));
    std::vector<HeldVersion> held;
    const std::string key = std::string(kHeld) + schema::bucket_prefix(id.value_or(0));
    KIGUMI_TRY(const auto record, txn->get(Table::kMeta, key));
    if (!record) return held;
    KIGUMI_TRY(MsgpackReader reader, MsgpackReader::parse(*record));
    for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left) {
        reader.array_of(2);
        HeldVersion& one = held.emplace_back();
        one.held_ms = reader.uint();
        one.version = codec::read_vector(reader);
    }
    KIGUMI_CHECK(reader.finish("the stored times of a bucket's versions"));
    return held;
}

ClockSkew Store::clock_skew() const {
    return {state_->skewed_writes.load(std::memory_order_relaxed),
            state_->largest_skew_ms.load(std::memory_order_relaxed)};
}

Result<kv::Usage> Store::usage() { return state_->env->usage(); }
const std::filesystem::path& Store::directory() const { return state_->directory; }
std::uint64_t Store::wall_ms() const { return state_->options.wall_ms(); }

}  // namespace kigumi
