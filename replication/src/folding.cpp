#include <algorithm>

#include "inspector.hpp"
#include "kigumi/crdt/defect.hpp"
#include "transaction_state.hpp"

/// What a large pull brought: shown at once, and folded into the rows step by step.
namespace kigumi {
namespace {

using kv::Table;

/// A place to fold, and its staged record.
struct Pending {
    std::string place;
    std::optional<std::string> staged;
};

/// The next places behind the folded ones. All staged rows of an overlay that is not full are
/// pending, wherever they are.
Result<std::vector<Pending>> next_pending(kv::ReadTxn& txn, schema::BucketId bucket,
                                          const Overlay& overlay, std::size_t rows,
                                          std::size_t bytes) {
    const std::string prefix = schema::bucket_prefix(bucket);
    const auto within = [&prefix](const std::optional<kv::Item>& item) {
        return item && item->key.starts_with(prefix);
    };
    std::vector<Pending> found;
    KIGUMI_TRY(const auto ours, txn.cursor(Table::kRows));
    KIGUMI_TRY(const auto theirs, txn.cursor(Table::kStaging));
    std::optional<kv::Item> row;
    if (overlay.full) {
        KIGUMI_TRY(row, ours->seek(prefix + overlay.place));
    }
    KIGUMI_TRY(auto staged, theirs->seek(prefix + overlay.place));
    std::size_t seen = 0;
    while (found.size() < rows && seen < bytes && (within(row) || within(staged))) {
        const bool stored = within(row) && (!within(staged) || row->key <= staged->key);
        const bool sent = within(staged) && (!within(row) || staged->key <= row->key);
        Pending& pending = found.emplace_back();
        pending.place = (stored ? row->key : staged->key).substr(prefix.size());
        if (stored) {
            seen += row->value.size();
            KIGUMI_TRY(row, ours->next());
        }
        if (sent) {
            seen += staged->value.size();
            pending.staged = staged->value;
            KIGUMI_TRY(staged, theirs->next());
        }
    }
    return found;
}

}  // namespace

bool WriteTransaction::folding() const { return state_->overlay.has_value(); }

Result<void> WriteTransaction::lay_over(const VersionVector& theirs_at, const VersionVector& floor,
                                        bool full, Hlc latest,
                                        const std::optional<std::vector<ReplicaId>>& accepted) {
    State& state = *state_;
    if (folding())
        return fail(ErrorCode::kBusy, "what an earlier pull brought is still being folded in");
    Overlay overlay{state.clock.version, theirs_at, full, {}, accepted};
    if (full) {
        // Which of these writes go is not known before the last row is folded.
        VersionVector may_go = state.clock.version;
        may_go.meet(theirs_at);
        state.clock.horizon.merge(may_go);
    }
    advance(theirs_at, floor);
    if (state.refused) return tl::unexpected<Error>(*state.refused);
    if (KIGUMI_DEFECT(kOverlaidAtPresent)) overlay.before = state.clock.version;
    state.store.note_skew(state.time.observe(latest, state.store.options.wall_ms()));
    KIGUMI_CHECK(mark_staged({}));
    KIGUMI_CHECK(overlay::put(*state.txn, state.bucket, overlay));
    state.overlay = std::move(overlay);
    return {};
}

Result<void> WriteTransaction::fold(std::size_t rows, std::size_t bytes) {
    State& state = *state_;
    if (!folding()) return {};
    state.dirty = true;
    Overlay& overlay = *state.overlay;
    KIGUMI_TRY(const auto pending, next_pending(*state.txn, state.bucket, overlay, rows, bytes));
    for (const Pending& one : pending)
        KIGUMI_CHECK(state.fold_row(
            one.place, one.staged ? std::optional<std::string_view>(*one.staged) : std::nullopt));
    if (pending.empty()) {
        state.overlay.reset();
        return overlay::erase(*state.txn, state.bucket);
    }
    if (!overlay.full) return {};
    // The least place behind the last one.
    overlay.place = pending.back().place + '\0';
    return overlay::put(*state.txn, state.bucket, overlay);
}

Result<void> WriteTransaction::State::fold_row(const std::string& place,
                                               std::optional<std::string_view> staged) {
    const std::string key = schema::bucket_prefix(bucket) + place;
    if (staged) KIGUMI_CHECK(txn->erase(Table::kStaging, key));
    if (staged == Overlay::kFolded) return {};
    KeyedRow theirs;
    if (staged) {
        auto decoded = decode_record(place, *staged, origins);
        // Lost: it stands as a damaged row, until an audit mends it.
        if (!decoded) return txn->put(Table::kRows, key, *staged);
        theirs = std::move(*decoded);
    }
    const auto ours = reader().at_key(key);
    if (!ours) return fold_damaged_row(place, theirs);
    if (!staged) theirs.at = (*ours)->at;
    const Row before_row = *ours ? (*ours)->row : Row();
    Row joined = overlay->joined(before_row, theirs.row);
    for (const Write& write : theirs.row) {
        if (before_row.find(write.dot) != nullptr || joined.find(write.dot) == nullptr) continue;
        // Nobody but a liar has one write in two rows; the first one keeps it.
        KIGUMI_TRY(const auto entry, txn->get(Table::kLog, log_key(write.dot)));
        if (entry) joined.erase(write.dot);
    }
    return store_row(theirs.at, store_key(theirs.at), before_row, joined);
}

/// The log tells what the damaged row held, and so what the joined one would hold. If all of that
/// was sent, the row is whole again; if not, it stays damaged and the log tells whose row can mend
/// it. Reads the whole log.
Result<void> WriteTransaction::State::fold_damaged_row(const std::string& place,
                                                       const KeyedRow& theirs) {
    std::vector<Dot> held;
    {
        const std::string prefix = schema::bucket_prefix(bucket);
        KIGUMI_TRY(const auto cursor, txn->cursor(Table::kLog));
        KIGUMI_TRY(auto item, cursor->seek(prefix));
        for (; item && item->key.starts_with(prefix);) {
            const auto dot = log_dot(item->key, origins);
            if (dot && item->value == place) held.push_back(*dot);
            KIGUMI_TRY(item, cursor->next());
        }
    }
    Row known;
    bool whole = true;
    for (const Dot& dot : held) {
        const Write* const sent = theirs.row.find(dot);
        if (sent != nullptr) known.insert(*sent);
        if (sent == nullptr && !overlay->accepted && overlay->theirs.covers(dot))
            KIGUMI_CHECK(txn->erase(Table::kLog, log_key(dot)));
        else if (sent == nullptr)
            whole = false;
    }
    for (const Write& write : theirs.row) {
        KIGUMI_TRY(const auto entry, txn->get(Table::kLog, log_key(write.dot)));
        if (overlay->before.covers(write.dot) || entry) continue;
        KIGUMI_CHECK(txn->put(Table::kLog, log_key(write.dot), place));
        known.insert(write);
    }
    dirty = true;
    if (!whole) return {};
    const std::string key = schema::bucket_prefix(bucket) + place;
    KIGUMI_CHECK(txn->erase(Table::kRemoved, key));
    KIGUMI_CHECK(txn->erase(Table::kRows, key));
    return known.empty() ? Result<void>()
                         : store_row(theirs.at, store_key(theirs.at), Row(), known);
}

}  // namespace kigumi
