#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "lmdb_handle.hpp"
#include "table_stamps.hpp"

namespace kigumi::kv {

/// Lets the writers of a process share commits, and so fsyncs.
///
/// One thread owns the LMDB write transaction (LMDB's writer lock belongs to a thread). It lends
/// the transaction to one waiting writer after another; when none is left, or the group is full, it
/// commits and wakes them all with the outcome. Each writer after the first works in a nested
/// transaction, so that giving up takes back its own writes alone.
class GroupCommit {
  public:
    GroupCommit(LmdbHandle& handle, TableStamps& stamps) : handle_(handle), stamps_(stamps) {}
    ~GroupCommit();

    /// One writer's place in the line.
    struct Turn {
        enum class State { kWaiting, kGranted, kCommitted, kAborted, kDone };
        const std::thread::id writer = std::this_thread::get_id();
        State state = State::kWaiting;
        MDB_txn* txn = nullptr;  ///< usable while granted
        Result<void> outcome;
        std::condition_variable changed;

        std::uint64_t number = 0;    ///< of the commit that the group is to become
        std::uint64_t failures = 0;  ///< of commits, before the group began
        TableSet writes;             ///< tables that the writer changed; its own until `finish`
        TableSet written_before;     ///< tables that the group had changed when the turn began
        TableSet written_after;      ///< tables that it changed after the turn
    };

    /// Waits for a turn (kBusy if this thread has one: it would wait for itself); then `txn` is the
    /// caller's until `finish`.
    Result<std::shared_ptr<Turn>> begin();
    /// Ends the turn. To commit: returns when the group is durable, or why it is not.
    Result<void> finish(Turn& turn, bool commit);

  private:
    using Lock = std::unique_lock<std::mutex>;

    void run();
    void run_group();
    void lend(const std::shared_ptr<Turn>& turn, MDB_txn* txn);
    std::shared_ptr<Turn> next();
    void conclude(const std::shared_ptr<Turn>& turn, Result<void> outcome);
    void fail_waiting(const Error& error);

    LmdbHandle& handle_;
    TableStamps& stamps_;
    std::mutex mutex_;
    std::condition_variable work_;
    std::deque<std::shared_ptr<Turn>> waiting_;
    std::thread::id writer_;  ///< whoever has the turn
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace kigumi::kv
