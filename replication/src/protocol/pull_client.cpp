#include "pull_client.hpp"

#include <algorithm>

#include "../codec.hpp"
#include "../import_mark.hpp"
#include "../row_memory.hpp"
#include "accepted_origins.hpp"
#include "kigumi/crdt/defect.hpp"

namespace kigumi {
namespace {

/// How much more rows may take in memory than their bound on the wire.
constexpr std::size_t kMemoryFactor = 8;
/// More than fit into the vector of a message.
constexpr std::size_t kMaxOrigins = 65'536;
/// An import that has not gone on for so long was killed. One step of it takes milliseconds.
constexpr std::uint64_t kImportPatienceMs = 10'000;

}  // namespace

PullClient::PullClient(Store& store, std::string bucket, const ReplicatorOptions& options)
    : store_(store), bucket_(std::move(bucket)), options_(options) {
    take_over();
}

void PullClient::take_over() {
    const auto read = [this]() -> Result<void> {
        KIGUMI_TRY(const std::string mark, store_.staged_mark(bucket_));
        if (mark.empty() || is_import_mark(mark)) return {};
        stored_mark_ = mark;
        KIGUMI_TRY(MsgpackReader reader, MsgpackReader::parse(mark));
        // Earlier versions staged rows in another form, and wrote four elements.
        reader.array_of(7);
        const ReplicaId peer = codec::read_replica(reader);
        const VersionVector base = codec::read_vector(reader);
        const std::uint64_t rows = reader.uint();
        const std::string_view cursor = reader.bytes();
        const std::uint64_t bytes = reader.uint();
        const VersionVector seen = codec::read_vector(reader);
        const Hlc latest{reader.uint()};
        KIGUMI_CHECK(reader.finish("what is stored of a pull"));
        KIGUMI_TRY(resume_, wire::decode_cursor(cursor));
        // In a bucket that is signed nothing is staged unchecked.
        KIGUMI_TRY(as_signed_, store_.is_signed(bucket_));
        peer_ = peer;
        base_ = base;
        staged_rows_ = taken_over_ = rows;
        staged_bytes_ = bytes;
        seen_ = {seen.begin(), seen.end()};
        latest_ = latest;
        return {};
    };
    // What cannot be read is dropped when the next pull begins.
    if (!read()) resume_.reset();
}

std::string PullClient::mark() const {
    codec::Buffer out;
    codec::Packer packer(out);
    packer.pack_array(7);
    codec::pack_bytes(packer, peer_.bytes());
    codec::write_vector(packer, base_);
    packer.pack_uint64(staged_rows_);
    codec::pack_bytes(packer, wire::encode_cursor(*resume_));
    packer.pack_uint64(staged_bytes_);
    codec::write_vector(packer, seen());
    packer.pack_uint64(latest_.bits);
    return std::move(out.bytes);
}

Result<wire::Pull> PullClient::begin(LinkId link, const ReplicaId& peer,
                                     const VersionVector& version, std::uint64_t now_ms,
                                     std::uint64_t timeout_ms) {
    KIGUMI_CHECK(wait_for_import(now_ms));
    KIGUMI_TRY(const bool as_signed, store_.is_signed(bucket_));
    // The version can lie below the base of an earlier process only if this store went back.
    if (peer != peer_ || !resume_ || !version.covers(base_) || as_signed != as_signed_) {
        KIGUMI_TRY(const bool cleared, discard());
        if (!cleared)
            return fail(ErrorCode::kBusy, "rows of an earlier answer are being cleared away");
        peer_ = peer;
        base_ = version;
        as_signed_ = as_signed;
        if (KIGUMI_DEFECT(kBaseTooHigh)) base_.raise(peer, base_[peer] + 1);
    }
    partial_.clear();
    unchecked_bytes_ = 0;
    const std::uint64_t id = KIGUMI_DEFECT(kBaseNotChecked) ? 1 : options_.random();
    session_ = Session{link, id, {}, 0, now_ms, now_ms, options_.pull_credit_bytes, timeout_ms};
    return wire::Pull{bucket_, session_->id, base_, options_.pull_credit_bytes, resume_};
}

Result<void> PullClient::wait_for_import(std::uint64_t now_ms) {
    KIGUMI_TRY(const std::string mark, store_.staged_mark(bucket_));
    if (!is_import_mark(mark)) {
        // It has been here, and is through with the rows that were staged before.
        if (mark != stored_mark_) resume_.reset();
        import_mark_.clear();
    } else if (mark != import_mark_) {
        import_mark_ = mark;
        import_seen_ms_ = now_ms;
    }
    if (!import_mark_.empty() && now_ms < import_seen_ms_ + kImportPatienceMs)
        return fail(ErrorCode::kBusy, "a bundle is being imported");
    if (mark == stored_mark_) return {};
    stored_mark_ = mark;
    resume_.reset();
    on_disk_ = true;
    return {};
}

Result<void> PullClient::check_staged(WriteTransaction& tx) {
    KIGUMI_TRY(const std::string mark, tx.staged_mark());
    if (mark == stored_mark_) return {};
    return fail(ErrorCode::kBusy, "the import of a bundle has taken the place of this pull");
}

Result<std::optional<PullClient::Batch>> PullClient::take(const wire::Chunk& chunk,
                                                          const PeerPolicy* own_of,
                                                          std::uint64_t now_ms) {
    // Delivered twice; what is ahead of its turn means that something was lost.
    if ((!KIGUMI_DEFECT(kRunsMixed) && !follows(chunk.stream)) ||
        chunk.number < session_->next_number)
        return std::optional<Batch>();
    if (KIGUMI_DEFECT(kLostPartAccepted)) session_->next_number = chunk.number;
    if (chunk.number > session_->next_number)
        return fail(ErrorCode::kIo, "a part of the answer is missing");
    if (partial_.empty() && session_->credit == 0)
        return fail(ErrorCode::kCorrupt, "the peer has sent more than it was asked for");
    if (partial_.size() + chunk.part.size() > options_.row_max_bytes)
        return fail(ErrorCode::kCorrupt,
                    "a row has more than " + std::to_string(options_.row_max_bytes) +
                        " bytes; write it anew where it is, or raise row_max_bytes here");
    ++session_->next_number;
    session_->progress_ms = now_ms;
    partial_ += chunk.part;
    if (!chunk.cursor) return std::optional<Batch>();

    Batch batch{{}, *chunk.cursor, partial_.size()};
    KIGUMI_TRY(batch.rows, decode_batch(partial_));
    partial_ = std::string();
    if (own_of != nullptr) KIGUMI_CHECK(keep_own(*own_of, batch.rows));
    session_->credit -= std::min<std::uint64_t>(session_->credit, batch.bytes);
    unchecked_bytes_ += batch.bytes;
    return std::optional<Batch>(std::move(batch));
}

Result<void> PullClient::keep_own(const PeerPolicy& peer, std::vector<KeyedRow>& rows) {
    VersionVector seen;
    for (const KeyedRow& keyed : rows)
        for (const Write& write : keyed.row) seen.raise(write.dot.origin, write.dot.counter);
    const AcceptedOrigins accepted = accepted_from(peer, base_, seen);
    // A row that came before has to become what it is now: its news may have been replaced.
    std::erase_if(rows, [&](const KeyedRow& keyed) {
        return !has_news_of(accepted, base_, keyed.row) && staged_rows_ == 0 &&
               !memory_.contains(keyed.at);
    });
    KIGUMI_TRY(ReadTransaction snapshot, store_.read(bucket_));
    for (const auto& [at, row] : rows) {
        const bool resets = std::any_of(row.begin(), row.end(), [](const Write& write) {
            return std::holds_alternative<Reset>(write.payload);
        });
        if (!resets) continue;
        KIGUMI_TRY(const Row ours, snapshot.get(at));
        KIGUMI_CHECK(check_resets(accepted, ours, base_, row));
    }
    return {};
}

Result<wire::Credit> PullClient::stage(Batch batch, bool as_signed, std::uint64_t now_ms) {
    session_->progress_ms = now_ms;
    unchecked_bytes_ -= std::min(unchecked_bytes_, batch.bytes);
    if (as_signed_ && !as_signed)
        return fail(ErrorCode::kBusy, "the bucket has become signed meanwhile");
    for (KeyedRow& keyed : batch.rows) {
        KIGUMI_CHECK(see(keyed.row));
        memory_size_ += memory_of(keyed);
        memory_.insert_or_assign(std::move(keyed.at), std::move(keyed.row));
    }
    memory_bytes_ += batch.bytes;
    if (KIGUMI_DEFECT(kPullAppliedInParts))
        KIGUMI_CHECK(join_all({0, 0, 0, batch.cursor.to, {}, false}, nullptr, {}));
    resume_ = std::move(batch.cursor);
#ifdef KIGUMI_DEFECTS
    if (KIGUMI_DEFECT(kCursorAheadOfRows)) {
        KIGUMI_TRY(WriteTransaction tx, store_.write(bucket_));
        KIGUMI_CHECK(tx.mark_staged(mark()));
        KIGUMI_CHECK(tx.commit());
        stored_mark_ = mark();
        on_disk_ = true;
    }
#endif
    if (memory_bytes_ > options_.staged_max_bytes ||
        memory_size_ > kMemoryFactor * options_.staged_max_bytes) {
        if (auto staged = stage_to_disk(); !staged) {
            // What cannot be put aside is not kept: each try would leave more of it in memory.
            resume_.reset();
            forget_memory();
            return tl::unexpected<Error>(std::move(staged.error()));
        }
    }
    session_->credit += batch.bytes;
    return wire::Credit{session_->id, batch.bytes};
}

void PullClient::forget_memory() {
    memory_.clear();
    memory_bytes_ = memory_size_ = 0;
}

Result<void> PullClient::see(const Row& row) {
    for (const Write& write : row) {
        std::uint64_t& last = seen_[write.dot.origin];
        last = std::max(last, write.dot.counter);
        latest_ = std::max(latest_, write.time);
    }
    if (seen_.size() <= kMaxOrigins) return {};
    return fail(ErrorCode::kCorrupt, "a pull answer holds writes of too many replicas");
}

VersionVector PullClient::seen() const {
    VersionVector all;
    for (const auto& [origin, counter] : seen_) all.raise(origin, counter);
    return all;
}

bool PullClient::follows(std::uint64_t stream) {
    if (!session_->stream) session_->stream = stream;
    return *session_->stream == stream;
}

Result<PullClient::Finished> PullClient::finish(const wire::Done& done, const PeerPolicy* own_of,
                                                const std::vector<ShownHead>& heads) {
    if (!KIGUMI_DEFECT(kRunsMixed) && !follows(done.stream)) return Finished::kNot;
    if (KIGUMI_DEFECT(kLostPartAccepted)) session_->next_number = done.number;
    if (done.number != session_->next_number || !partial_.empty())
        return fail(ErrorCode::kIo, "a part of the answer is missing");
    if (!done.version.covers(seen()))
        return fail(ErrorCode::kCorrupt,
                    "a pull answer holds a write that its vector does not cover");
    KIGUMI_TRY(const bool over, large(done));
    KIGUMI_CHECK(over ? lay_over(done, own_of, heads) : join_all(done, own_of, heads));
    session_.reset();
    on_disk_ = false;  // what was staged is cleared, or no longer ours
    KIGUMI_CHECK(discard());
    return over ? Finished::kLaidOver : Finished::kJoined;
}

Result<bool> PullClient::large(const wire::Done& done) {
    if (staged_rows_ + memory_.size() > options_.step_rows ||
        staged_bytes_ + memory_bytes_ > options_.step_bytes)
        return true;
    if (!done.full) return false;
    // Every row here has to be looked at.
    KIGUMI_TRY(ReadTransaction snapshot, store_.read(bucket_));
    KIGUMI_TRY(const std::uint64_t items, snapshot.count_items());
    return items > options_.step_rows;
}

Result<void> PullClient::check_fits(const wire::Done& done, WriteTransaction& tx) const {
    KIGUMI_CHECK(tx.expect_checked(as_signed_));
    if (!done.full && !tx.version().covers(base_))
        return fail(ErrorCode::kBusy, "this replica has gone back behind the base of the pull");
    if (done.version[tx.self()] > tx.version()[tx.self()])
        return fail(ErrorCode::kInvalidArgument,
                    "the peer has seen events of this replica that it never made");
    return {};
}

Result<void> PullClient::lay_over(const wire::Done& done, const PeerPolicy* own_of,
                                  const std::vector<ShownHead>& heads) {
    KIGUMI_TRY(WriteTransaction tx, store_.write(bucket_));
    KIGUMI_CHECK(check_fits(done, tx));
    KIGUMI_CHECK(check_staged(tx));
    for (const auto& [at, row] : memory_) KIGUMI_CHECK(tx.stage({at, row}));
    std::optional<AcceptedOrigins> accepted;
    if (own_of != nullptr) accepted = accepted_from(*own_of, tx.version(), done.version);
    const VersionVector floor = KIGUMI_DEFECT(kFloorNotInherited) ? VersionVector() : done.floor;
    KIGUMI_CHECK(tx.lay_over(done.version, floor, done.full, latest_, accepted));
    for (const ShownHead& shown : heads)
        KIGUMI_CHECK(tx.keep_head(shown.origin, shown.head, shown.confirmed));
    KIGUMI_CHECK(tx.commit());
    stored_mark_.clear();
    return {};
}

Result<void> PullClient::join_all(const wire::Done& done, const PeerPolicy* own_of,
                                  const std::vector<ShownHead>& heads) {
    KIGUMI_TRY(WriteTransaction tx, store_.write(bucket_));
    KIGUMI_CHECK(check_fits(done, tx));
    if (on_disk_) KIGUMI_CHECK(check_staged(tx));
    if (done.full) {
        KIGUMI_CHECK(tx.drop_unsent(done.version, [&](const RowKey& at) -> Result<bool> {
            if (memory_.contains(at)) return true;
            if (!on_disk_) return false;
            KIGUMI_TRY(const auto staged, tx.staged(at));
            return staged.has_value();
        }));
    }
    const VersionVector before = tx.version();
    std::optional<AcceptedOrigins> accepted;
    if (own_of != nullptr) accepted = accepted_from(*own_of, before, done.version);
    const auto join_one = [&](const RowKey& at, const Row& row) -> Result<void> {
        if (!accepted) return tx.join_row({at, row}, done.version);
        KIGUMI_TRY(const Row ours, tx.get(at));
        return tx.join_row({at, restricted(*accepted, ours, before, row)}, done.version);
    };
    if (on_disk_) {
        // A row in memory is newer than its staged form, which must not be joined before it: that
        // would drop a write that came by push meanwhile, and the newer form could not bring it
        // back.
        KIGUMI_CHECK(tx.each_staged([&](const KeyedRow& keyed) -> Result<void> {
            const bool outdated = memory_.contains(keyed.at) && !KIGUMI_DEFECT(kStagedJoinedTwice);
            return outdated ? Result<void>() : join_one(keyed.at, keyed.row);
        }));
        KIGUMI_CHECK(tx.clear_staged(~std::size_t{0}));
    }
    for (const auto& [at, row] : memory_) KIGUMI_CHECK(join_one(at, row));
    tx.advance(done.version, KIGUMI_DEFECT(kFloorNotInherited) ? VersionVector() : done.floor);
    for (const ShownHead& shown : heads)
        KIGUMI_CHECK(tx.keep_head(shown.origin, shown.head, shown.confirmed));
    KIGUMI_CHECK(tx.commit());
    if (on_disk_) stored_mark_.clear();
    return {};
}

Result<void> PullClient::stage_to_disk() {
    KIGUMI_TRY(WriteTransaction tx, store_.write(bucket_));
    KIGUMI_CHECK(tx.expect_checked(as_signed_));
    KIGUMI_CHECK(check_staged(tx));
    for (const auto& [at, row] : memory_) KIGUMI_CHECK(tx.stage({at, row}));
    staged_rows_ += memory_.size();
    staged_bytes_ += memory_bytes_;
    std::string marked = mark();
    KIGUMI_CHECK(tx.mark_staged(marked));
    KIGUMI_CHECK(tx.commit());
    stored_mark_ = std::move(marked);
    on_disk_ = true;
    forget_memory();
    return {};
}

void PullClient::abort(bool keep) {
    session_.reset();
    partial_ = std::string();
    unchecked_bytes_ = 0;
    if (!keep) resume_.reset();
}

Result<bool> PullClient::discard() {
    resume_.reset();
    forget_memory();
    staged_rows_ = staged_bytes_ = taken_over_ = 0;
    seen_.clear();
    latest_ = {};
    if (!on_disk_ || KIGUMI_DEFECT(kStagedRowsMixed)) return true;
    KIGUMI_TRY(WriteTransaction tx, store_.write(bucket_));
    // What is somebody else's by now is left alone, and seen to before the next pull.
    if (!check_staged(tx)) return false;
    KIGUMI_TRY(const bool cleared, tx.clear_staged(options_.step_rows));
    KIGUMI_CHECK(tx.commit());
    stored_mark_.clear();
    on_disk_ = !cleared;
    return cleared;
}

}  // namespace kigumi
