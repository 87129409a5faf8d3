#include <set>

#include "kigumi/crdt/defect.hpp"
#include "recent_changes.hpp"
#include "transaction_state.hpp"

namespace kigumi {

static_assert(RowSpace<WriteTransaction>);

using kv::Table;

#ifdef KIGUMI_DEFECTS
namespace {
/// What writes saw in their rows: the explicit lists of an earlier draft of the protocol. A removal
/// that its writer had collected is in none.
std::set<Dot> listed;
}  // namespace
#endif

WriteTransaction::WriteTransaction(std::unique_ptr<State> state) : state_(std::move(state)) {}
WriteTransaction::WriteTransaction(WriteTransaction&&) noexcept = default;
WriteTransaction& WriteTransaction::operator=(WriteTransaction&&) noexcept = default;
WriteTransaction::~WriteTransaction() = default;

Result<Row> WriteTransaction::get(const RowKey& at) { return state_->reader().get(at); }

Result<void> WriteTransaction::scan(const RowKey& from, const RowVisitor& visit) {
    return state_->reader().scan(from, visit);
}

Result<void> WriteTransaction::each_object(
    const std::function<bool(const std::string&, Type)>& visit, const RowKey& from) {
    return state_->reader().each_object(visit, from);
}

ReplicaId WriteTransaction::self() const { return state_->self; }
Dot WriteTransaction::next_dot() { return state_->clock.version.increment(state_->self); }

Hlc WriteTransaction::now() {
    if (!state_->now) state_->now = state_->time.tick(state_->store.options.wall_ms());
    return *state_->now;
}

const VersionVector& WriteTransaction::version() const { return state_->clock.version; }
const VersionVector& WriteTransaction::floor() const { return state_->clock.floor; }

SessionToken WriteTransaction::token() const {
    SessionToken token;
    token.observe(state_->name, state_->clock.version);
    return token;
}

Result<void> WriteTransaction::State::write_row(const RowKey& at, const Row& before_row,
                                                const Row& after) {
    if (before_row == after) return {};
    const StoreKey key = store_key(at);
    if (!overlay || !overlay->pending(key.bytes)) return store_row(at, key, before_row, after);
    const std::string row_key = schema::bucket_prefix(bucket) + key.bytes;
    KIGUMI_TRY(const auto stored, reader().at_key(row_key));
    KIGUMI_TRY(const auto staged, reader().staged_at(row_key));
    if (staged && !staged->empty()) {
        KIGUMI_CHECK(overlay->full && !KIGUMI_DEFECT(kFoldedForgotten)
                         ? txn->put(Table::kStaging, row_key, Overlay::kFolded)
                         : txn->erase(Table::kStaging, row_key));
    }
    return store_row(at, key, stored ? stored->row : Row(), after);
}

Result<void> WriteTransaction::State::store_row(const RowKey& at, const StoreKey& key,
                                                const Row& before_row, const Row& after) {
    if (before_row == after) return {};
    for (const Write& write : before_row) {
        if (after.find(write.dot) != nullptr && !KIGUMI_DEFECT(kLogDroppedTooEarly)) continue;
        const auto number = static_cast<std::uint32_t>(origins.number_of(write.dot.origin));
        KIGUMI_CHECK(txn->erase(Table::kLog, schema::log_key(bucket, number, write.dot.counter)));
    }
    for (const Write& write : after) {
        if (before_row.find(write.dot) != nullptr) continue;
        if (KIGUMI_DEFECT(kRemovalNotLogged) && write.removed()) continue;
        const auto number = static_cast<std::uint32_t>(origins.number_of(write.dot.origin));
        KIGUMI_CHECK(
            txn->put(Table::kLog, schema::log_key(bucket, number, write.dot.counter), key.bytes));
    }
    dirty = true;
    const std::string row_key = schema::bucket_prefix(bucket) + key.bytes;
    const bool was_removed = !before_row.empty() && before_row.removed();
    const bool is_removed = !after.empty() && after.removed();
    if (is_removed && !was_removed) KIGUMI_CHECK(txn->put(Table::kRemoved, row_key, {}));
    if (was_removed && !is_removed) KIGUMI_CHECK(txn->erase(Table::kRemoved, row_key));
    if (after.empty()) return txn->erase(Table::kRows, row_key);
    const std::string record = record_of(key, at, after);
    written_bytes += row_key.size() + record.size();
    return txn->put(Table::kRows, row_key, record);
}

std::string WriteTransaction::State::record_of(const StoreKey& key, const RowKey& at,
                                               const Row& row) {
    for (const Write& write : row) proven = proven || !write.proof.empty();
    return encode_record(key.bytes, key.shortened, at, row, origins);
}

Result<void> WriteTransaction::put(const RowKey& at, const Row& before, Row after) {
    if (state_->is_signed) KIGUMI_CHECK(state_->sign(at, before, after));
#ifdef KIGUMI_DEFECTS
    for (const Write& write : before)
        if (after.find(write.dot) == nullptr) listed.insert(write.dot);
#endif
    for (const Write& write : after)
        if (write.dot.origin == self() && before.find(write.dot) == nullptr)
            state_->own_writes.add(store_key(at).bytes, write);
    KIGUMI_CHECK(state_->write_row(at, before, after));
    if (state_->written_bytes > kMaxTransactionBytes)
        return fail(ErrorCode::kFull, "the transaction writes more than 64 MiB; split it");
    return {};
}

Result<void> WriteTransaction::commit() {
    State& state = *state_;
    if (state.refused) return tl::unexpected<Error>(*state.refused);
    if (state.clock != *state.before) state.dirty = true;
    if (!state.dirty) {
        state.txn.reset();
        return {};
    }
    if (state.written_bytes > kMaxTransactionBytes && state.now)
        return fail(ErrorCode::kFull, "the transaction writes more than 64 MiB; split it");
    const std::uint64_t wrote_before = state.before->version[state.self];
    const std::uint64_t wrote = state.clock.version[state.self];
    if (wrote > wrote_before)
        KIGUMI_CHECK(
            chain::extend(*state.txn, state.owner(), wrote_before, wrote, state.own_writes));
    KIGUMI_CHECK(
        schema::put_clock(*state.txn, state.bucket, *state.before, state.clock, state.origins));
    KIGUMI_CHECK(state.origins.save(*state.txn));
    KIGUMI_CHECK(recent::note(*state.txn, state.name));
    if (state.proven) KIGUMI_CHECK(schema::raise_format(*state.txn, schema::kProvenFormat));
    if (state.time.last() != state.time_before)
        KIGUMI_CHECK(schema::put_last_time(*state.txn, state.time.last()));
    auto kept = ClockCache::entry(state.bucket, state.clock);
    KIGUMI_CHECK(state.txn->commit());
    state.store.clocks.committed(*state.txn, state.clock_stamp, std::move(kept));
    state.store.committed();
    return {};
}

Result<void> WriteTransaction::State::check_new(const Dot& dot) {
    const auto number = static_cast<std::uint32_t>(origins.number_of(dot.origin));
    KIGUMI_TRY(const auto entry,
               txn->get(Table::kLog, schema::log_key(bucket, number, dot.counter)));
    if (!entry) return {};
    return fail(ErrorCode::kInvalidArgument, "a peer sent one write in two rows");
}

Result<void> WriteTransaction::join_row(const KeyedRow& theirs, const VersionVector& theirs_at) {
    KIGUMI_TRY(const Row ours, get(theirs.at));
    Row joined = join(ours, state_->clock.version, theirs.row, theirs_at);
#ifdef KIGUMI_DEFECTS
    for (const Write& write : ours)
        if (KIGUMI_DEFECT(kReplacedListed) && !listed.contains(write.dot)) joined.insert(write);
#endif
    for (const Write& write : joined)
        if (ours.find(write.dot) == nullptr) KIGUMI_CHECK(state_->check_new(write.dot));
    const std::uint64_t wall_ms = state_->store.options.wall_ms();
    for (const Write& write : joined)
        state_->store.note_skew(state_->time.observe(
            write.time, KIGUMI_DEFECT(kClockFollowsAnybody) ? write.time.ms() : wall_ms));
    return state_->write_row(theirs.at, ours, joined);
}

Result<void> WriteTransaction::drop_unsent(const VersionVector& theirs_at,
                                           const std::function<Result<bool>(const RowKey&)>& kept) {
    std::vector<KeyedRow> stale;
    Result<void> outcome;
    KIGUMI_CHECK(scan({}, [&](const RowKey& at, const Row& row) {
        const auto keep = kept(at);
        if (!keep) {
            outcome = tl::unexpected<Error>(keep.error());
            return false;
        }
        if (*keep) return true;
        for (const Write& write : row) {
            if (!theirs_at.covers(write.dot)) continue;
            stale.push_back({at, row});
            break;
        }
        return true;
    }));
    KIGUMI_CHECK(outcome);
    for (const auto& [at, row] : stale) {
        for (const Write& write : row)
            if (theirs_at.covers(write.dot))
                state_->clock.horizon.raise(write.dot.origin, write.dot.counter);
        KIGUMI_CHECK(join_row({at, Row()}, theirs_at));
    }
    return {};
}

namespace {

/// Only a peer or a file that lies has dropped removals that it has not seen.
Error floor_above(const VersionVector& version, const VersionVector& floor) {
    for (const auto& [origin, counter] : floor)
        if (version[origin] < counter)
            return {ErrorCode::kCorrupt, "a floor names events up to " +
                                             Dot{origin, counter}.text() +
                                             ", and the version that comes with it ends at " +
                                             std::to_string(version[origin])};
    return {ErrorCode::kCorrupt, "a floor is above its version"};
}

}  // namespace

void WriteTransaction::advance(const VersionVector& version, const VersionVector& floor) {
    VersionVector covered = state_->clock.version;
    covered.merge(version);
    if (!covered.covers(floor)) {
        state_->refused = floor_above(covered, floor);
        return;
    }
    // Removals that were dropped before this replica saw them.
    for (const auto& [origin, counter] : floor)
        if (state_->clock.version[origin] < counter && !KIGUMI_DEFECT(kHorizonNotInherited))
            state_->clock.horizon.raise(origin, counter);
    state_->clock.version.merge(version);
    state_->clock.floor.merge(floor);
}

Result<std::size_t> WriteTransaction::collect(const std::vector<std::string>& places,
                                              const VersionVector& stable) {
    std::size_t collected = 0;
    if (folding()) return collected;
    for (const std::string& place : places) {
        KIGUMI_TRY(const auto keyed, state_->reader().at_key(place));
        if (!keyed || !collectable(keyed->row, stable)) continue;
        for (const Write& write : keyed->row) {
            state_->clock.floor.raise(write.dot.origin, write.dot.counter);
            if (!KIGUMI_DEFECT(kHorizonForgotten))
                state_->clock.horizon.raise(write.dot.origin, write.dot.counter);
        }
        KIGUMI_CHECK(state_->write_row(keyed->at, keyed->row, Row()));
        ++collected;
    }
    return collected;
}

}  // namespace kigumi
