#pragma once

#include <map>
#include <optional>

#include "kigumi/replication/replicator.hpp"
#include "messages.hpp"
#include "push.hpp"

namespace kigumi {

/// Rule 6 of the protocol: pulls a bucket from one peer at a time.
///
/// Rows are staged, in memory and beyond a bound on disk, until the answer is complete; then it
/// becomes visible in one step: a small one is joined, a large one laid over the rows, to be folded
/// in by whoever owns this. An answer that breaks off changes nothing; what was staged is kept, and
/// taken up again if the same peer goes on with it. With the rows on disk stands how far they go,
/// so that this holds after a restart as well; what waited in memory comes again then.
class PullClient {
  public:
    PullClient(Store& store, std::string bucket, const ReplicatorOptions& options);

    bool active() const { return session_.has_value(); }
    LinkId link() const { return session_->link; }
    std::uint64_t session() const { return session_->id; }
    bool is_session(LinkId link, std::uint64_t id) const {
        return session_ && session_->link == link && session_->id == id;
    }
    bool stalled(std::uint64_t now_ms) const {
        return session_ && !unchecked() && session_->progress_ms + session_->timeout_ms < now_ms;
    }
    std::uint64_t deadline_ms() const { return session_->progress_ms + session_->timeout_ms + 1; }
    /// When it began, as long as nothing of the answer has come.
    std::optional<std::uint64_t> unanswered_since() const {
        if (session_->stream) return std::nullopt;
        return session_->progress_ms;
    }
    /// Whose answer can be gone on with: staged rows are worth nothing with anybody else's. Null if
    /// there is none.
    const ReplicaId* source() const { return resume_ ? &peer_ : nullptr; }
    /// Rows that an earlier process had staged, as long as they are being gone on with; 0
    /// otherwise.
    std::uint64_t taken_over() const { return taken_over_; }
    /// Bytes of rows and parts in memory.
    std::size_t bytes() const { return memory_size_ + partial_.size() + unchecked_bytes_; }
    /// Bytes of a batch that is not complete.
    std::size_t partial_bytes() const { return partial_.size(); }
    std::uint64_t began_ms() const { return session_->began_ms; }

    /// Starts (or resumes) a pull by a replica at `version`; returns what to send. It is stalled
    /// when nothing has come for `timeout_ms`. kBusy: rows of an earlier answer are being cleared
    /// away; call it again soon.
    Result<wire::Pull> begin(LinkId link, const ReplicaId& peer, const VersionVector& version,
                             std::uint64_t now_ms, std::uint64_t timeout_ms);
    /// A batch as received and unpacked.
    struct Batch {
        std::vector<KeyedRow> rows;
        wire::Cursor cursor;    ///< behind it
        std::size_t bytes = 0;  ///< on the wire
    };
    /// Takes a part; returns the batch that it completes, if any. It has to come back by `stage`,
    /// in order, before the answer can be finished. An error ends the session. From a peer that may
    /// not relay, `own_of` says which rows are its own to change; others are left out.
    Result<std::optional<Batch>> take(const wire::Chunk& chunk, const PeerPolicy* own_of,
                                      std::uint64_t now_ms);
    /// Keeps the rows of a batch; returns the credit to give back. `as_signed`: their proofs were
    /// checked. An error ends the session.
    Result<wire::Credit> stage(Batch batch, bool as_signed, std::uint64_t now_ms);
    /// Whether batches are out that have not come back.
    bool unchecked() const { return unchecked_bytes_ > 0; }
    enum class Finished {
        kNot,       ///< it ended another run: go on
        kJoined,    ///< the rows are joined
        kLaidOver,  ///< they show, and are to be folded in (`WriteTransaction::fold`)
    };
    /// Makes the complete answer visible and ends the session. kBusy: it no longer fits, pull
    /// again. kInvalidArgument: the peer has seen more of our events than we have. From a peer that
    /// may not relay, `own_of` says which rows are its own to change. `heads` came with the answer.
    Result<Finished> finish(const wire::Done& done, const PeerPolicy* own_of,
                            const std::vector<ShownHead>& heads = {});
    /// Ends the session. `keep`: what was staged may serve a later one with the same peer. If the
    /// rest cannot be cleared away now, that happens before the next pull begins.
    void abort(bool keep);

  private:
    struct Session {
        LinkId link = 0;
        std::uint64_t id = 0;
        std::optional<std::uint64_t> stream;  ///< the run of the answer that is being followed
        std::uint64_t next_number = 0;
        std::uint64_t began_ms = 0;
        std::uint64_t progress_ms = 0;
        std::uint64_t credit = 0;  ///< bytes that the peer may begin a batch with
        std::uint64_t timeout_ms = 0;
    };

    /// Whether a message belongs to the run that is being followed; the first one decides.
    bool follows(std::uint64_t stream);
    /// Whether this replica is where the answer takes it on.
    Result<void> check_fits(const wire::Done& done, WriteTransaction& tx) const;
    /// Whether joining the rows takes longer than a writer should wait.
    Result<bool> large(const wire::Done& done);
    Result<void> join_all(const wire::Done& done, const PeerPolicy* own_of,
                          const std::vector<ShownHead>& heads);
    Result<void> lay_over(const wire::Done& done, const PeerPolicy* own_of,
                          const std::vector<ShownHead>& heads);
    /// Leaves out what a peer that may not relay cannot change, and checks what it can.
    Result<void> keep_own(const PeerPolicy& peer, std::vector<KeyedRow>& rows);
    void forget_memory();
    Result<void> stage_to_disk();
    /// An import by another process may use the staging table meanwhile. kBusy if it does; what it
    /// has left behind is cleared away.
    Result<void> wait_for_import(std::uint64_t now_ms);
    /// Whether the staged rows are still those of this pull.
    Result<void> check_staged(WriteTransaction& tx);
    /// Takes over what an earlier process has staged, if it can be understood.
    void take_over();
    std::string mark() const;
    /// Notes the writes of a row; kCorrupt if they are of more replicas than a vector can name.
    Result<void> see(const Row& row);
    VersionVector seen() const;
    /// Forgets what was received; false: some of it is still on disk.
    Result<bool> discard();

    Store& store_;
    const std::string bucket_;
    const ReplicatorOptions& options_;
    std::optional<Session> session_;

    // What has been received, and from whom; outlives a session that broke off.
    ReplicaId peer_;
    VersionVector base_;
    std::optional<wire::Cursor> resume_;
    std::string partial_;  ///< the parts of a batch that is not complete
    std::map<RowKey, Row> memory_;
    std::size_t memory_bytes_ = 0;     ///< of these, on the wire
    std::size_t memory_size_ = 0;      ///< and in memory
    std::size_t unchecked_bytes_ = 0;  ///< of batches that are out, on the wire
    bool on_disk_ = true;      ///< rows may be staged on disk, if only by an earlier process
    std::string stored_mark_;  ///< what stands with them
    std::string import_mark_;  ///< of an import, as last seen
    std::uint64_t import_seen_ms_ = 0;  ///< when that was new
    std::uint64_t staged_rows_ = 0;     ///< on disk, each time that a row was sent
    std::uint64_t staged_bytes_ = 0;
    std::map<ReplicaId, std::uint64_t> seen_;  ///< the last write of each origin that was sent
    Hlc latest_;                               ///< the highest timestamp in them
    std::uint64_t taken_over_ = 0;
    bool as_signed_ = false;  ///< the proofs of all that was received were checked
};

}  // namespace kigumi
