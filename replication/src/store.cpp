#include "kigumi/replication/store.hpp"

#include <sodium/core.h>
#include <sodium/randombytes.h>

#include <array>
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

Result<void> check_bucket(std::string_view name) {
    if (!name.empty() && name.size() <= kMaxBucketName && is_utf8(name)) return {};
    return fail(ErrorCode::kInvalidArgument, "a bucket's name is UTF-8 of 1 to 255 bytes");
}

/// Why the identity that the environment bears must not be used here; empty if it may.
Result<std::string> objection(kv::ReadTxn& txn, const schema::Place& place, bool went_back) {
    KIGUMI_TRY(const auto present, schema::replica(txn));
    if (!present) return std::string("new");
    KIGUMI_TRY(const auto noted, schema::place(txn));
    if (!noted || !place.same_file(*noted))
        return std::string("the store was copied here from another place");
    if (went_back)
        return std::string("the store has gone back in time: an older file was restored");
    return std::string();
}

/// Whether all is noted of the place that tells it from a copy's.
bool is_noted(const schema::Place& place, const schema::Place& noted) {
    return (place.birth_ns == 0 || place.birth_ns == noted.birth_ns) && !noted.nonce.empty() &&
           place.nonce == noted.nonce;
}

/// Notes what stores of earlier versions lack, and brings back a nonce that was removed. The
/// processes do so one after another.
Result<void> note_place(StoreState& state) {
    KIGUMI_TRY(const auto txn, state.env->begin_write());
    schema::Place place = schema::place_of(state.directory);
    KIGUMI_TRY(const auto noted, schema::place(*txn));
    if (!noted || !place.same_file(*noted) || is_noted(place, *noted)) return {};
    const std::string beside = place.nonce;
    place.nonce = noted->nonce.empty() ? state.draw_nonce() : noted->nonce;
    if (place.birth_ns == 0) place.birth_ns = noted->birth_ns;
    if (place.nonce != beside) KIGUMI_CHECK(schema::write_nonce(state.directory, place.nonce));
    KIGUMI_CHECK(schema::put_place(*txn, place));
    KIGUMI_CHECK(txn->commit());
    state.committed();
    return {};
}

/// A crash of the machine must not lose the names of files that hold what was acknowledged. Before
/// the first commit: whoever sees an identity may acknowledge.
Result<void> make_names_durable(const StoreState& state) {
    if (!state.options.lmdb.durable) return {};
    KIGUMI_CHECK(files::sync_directory(state.directory));
    return files::sync_entry(std::filesystem::absolute(state.directory).lexically_normal());
}

Result<void> settle_identity(StoreState& state) {
    schema::share_nonce(state.directory);
    const schema::Place place = schema::place_of(state.directory);
    state.mark = CommitMark(state.directory);
    // In this order: other processes go on committing, and then the mark.
    const std::uint64_t marked = state.mark.read();
    KIGUMI_TRY(const kv::Usage usage, state.env->usage());
    const bool went_back = usage.commits < marked;
    bool settled = false;
    bool complete = false;
    {
        KIGUMI_TRY(const auto txn, state.env->begin_read());
        KIGUMI_CHECK(schema::check_format(*txn));
        KIGUMI_TRY(const std::string reason, objection(*txn, place, went_back));
        KIGUMI_TRY(const auto noted, schema::place(*txn));
        settled = reason.empty();
        complete = settled && is_noted(place, *noted);
    }
    // Where nothing can be noted, because the disk is full say, the next process will do it.
    if (settled && !complete) static_cast<void>(note_place(state).has_value());
    if (settled) return {};
    KIGUMI_TRY(auto txn, state.env->begin_write());
    // Another process may have been faster.
    KIGUMI_TRY(const std::string reason, objection(*txn, schema::place_of(state.directory),
                                                   went_back && state.mark.read() == marked));
    if (reason.empty()) return {};
    KIGUMI_TRY(const auto old, schema::replica(*txn));
    if (old) {
        KIGUMI_CHECK(state.renew(std::move(txn), *old, false));
        state.renewed = IdentityChange{*old, reason};
        return {};
    }
    KIGUMI_CHECK(make_names_durable(state));
    KIGUMI_CHECK(state.take_new_identity(*txn));
    KIGUMI_CHECK(txn->commit());
    state.committed();
    return {};
}

void write_peer(codec::Packer& packer, const PeerRecord& peer) {
    packer.pack_array(11);
    codec::pack_text(packer, peer.address);
    peer.connected ? packer.pack_true() : packer.pack_false();
    packer.pack_uint64(peer.changed_ms);
    codec::write_vector(packer, peer.acknowledged);
    codec::write_vector(packer, peer.settled);
    packer.pack_uint64(peer.settled_ms);
    packer.pack_uint64(peer.audited_ms);
    packer.pack_uint64(peer.differences);
    codec::pack_text(packer, peer.peer);
    peer.holds ? packer.pack_true() : packer.pack_false();
    peer.trimmed ? packer.pack_true() : packer.pack_false();
}

}  // namespace

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
    KIGUMI_TRY(state->overlay, overlay::find(*state->txn, state->bucket, state->clock->version));
    return ReadTransaction(std::move(state));
}

Result<WriteTransaction> Store::write(std::string_view bucket) {
    KIGUMI_CHECK(check_bucket(bucket));
    KIGUMI_TRY(auto txn, state_->env->begin_write());
    return state_->write(std::move(txn), bucket);
}

Result<WriteTransaction> StoreState::write(std::unique_ptr<kv::WriteTxn> txn,
                                           std::string_view bucket) {
    KIGUMI_TRY(const auto id, schema::make_bucket(*txn, bucket));
    KIGUMI_TRY(const bool is_signed, schema::is_signed(*txn, bucket));
    KIGUMI_TRY(auto table, origins.load(*txn, false));
    const std::uint64_t clock_stamp = txn->stamp(Table::kClock);
    KIGUMI_TRY(const auto clock, clocks.load(*txn, id, *table));
    KIGUMI_TRY(auto self, schema::replica(*txn));
    if (!self) {
        // Only environments in memory come here without an identity: open() settles it for files.
        KIGUMI_TRY(self, take_new_identity(*txn));
    }
    KIGUMI_TRY(const Hlc time, schema::last_time(*txn));
    KIGUMI_TRY(auto overlay, overlay::find(*txn, id, clock->version));
    return WriteTransaction(std::unique_ptr<WriteTransaction::State>(
        new WriteTransaction::State{*this,
                                    std::move(txn),
                                    std::string(bucket),
                                    id,
                                    GrowingOrigins(std::move(table)),
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
                                    false,
                                    {},
                                    {}}));
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

Result<void> Store::put_peers(const std::map<std::string, std::vector<PeerRecord>>& peers,
                              const std::map<std::string, std::vector<ReplicaId>>& gone) {
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
    for (const auto& [bucket, replicas] : gone) {
        KIGUMI_TRY(const auto id, schema::find_bucket(*txn, bucket));
        if (!id) continue;
        for (const ReplicaId& replica : replicas)
            KIGUMI_CHECK(txn->erase(Table::kMembers,
                                    schema::bucket_prefix(*id) + std::string(replica.bytes())));
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
        // Records that were written before there were audits, or peers with keys, end earlier.
        const std::uint32_t fields = reader.array();
        peer.address = reader.text();
        peer.connected = reader.boolean();
        peer.changed_ms = reader.uint();
        peer.acknowledged = codec::read_vector(reader);
        peer.settled = codec::read_vector(reader);
        peer.settled_ms = reader.uint();
        if (fields > 6) {
            peer.audited_ms = reader.uint();
            peer.differences = reader.uint();
        }
        if (fields > 8) {
            peer.peer = reader.text();
            peer.holds = reader.boolean();
            peer.trimmed = reader.boolean();
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
