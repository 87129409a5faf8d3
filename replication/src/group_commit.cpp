#include "group_commit.hpp"

#include <chrono>
#include <vector>

#include "kigumi/replication/commit_times.hpp"

namespace kigumi::kv {
namespace {

using Clock = std::chrono::steady_clock;
using State = GroupCommit::Turn::State;

// A group ends when it has been open this long, so that the first writer in it does not starve.
constexpr auto kMaxGroupTime = std::chrono::milliseconds(5);

}  // namespace

GroupCommit::~GroupCommit() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        work_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

Result<std::shared_ptr<GroupCommit::Turn>> GroupCommit::begin() {
    auto turn = std::make_shared<Turn>();
    Lock lock(mutex_);
    if (writer_ == turn->writer)
        return fail(ErrorCode::kBusy,
                    "this thread has a write transaction open already; end it first");
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    waiting_.push_back(turn);
    work_.notify_one();
    turn->changed.wait(lock, [&turn] { return turn->state != State::kWaiting; });
    if (turn->state == State::kDone) return tl::unexpected<Error>(turn->outcome.error());
    return turn;
}

Result<void> GroupCommit::finish(Turn& turn, bool commit) {
    Lock lock(mutex_);
    turn.state = commit ? State::kCommitted : State::kAborted;
    // Here and not in the group's thread: this thread may be back for its next turn before that.
    writer_ = {};
    turn.changed.notify_all();
    if (!commit) return {};
    turn.changed.wait(lock, [&turn] { return turn.state == State::kDone; });
    return turn.outcome;
}

void GroupCommit::run() {
    for (;;) {
        {
            Lock lock(mutex_);
            work_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
        }
        run_group();
    }
}

void GroupCommit::run_group() {
    const auto prepared = handle_.prepare_write();
    if (!prepared) return fail_waiting(prepared.error());
    const std::uint64_t failures = stamps_.failures();
    const auto begun = handle_.begin(0);
    if (!begun) return fail_waiting(begun.error());
    MDB_txn* const parent = *begun;
    const std::uint64_t number = mdb_txn_id(parent);

    std::vector<std::shared_ptr<Turn>> group;
    TableSet written;
    const auto opened = Clock::now();
    while (const auto turn = next()) {
        MDB_txn* txn = parent;
        if (!group.empty()) {
            const int code = mdb_txn_begin(mdb_txn_env(parent), parent, 0, &txn);
            if (code != 0) {
                conclude(turn, handle_.error(code, "begin a write"));
                continue;
            }
        }
        turn->number = number;
        turn->failures = failures;
        turn->written_before = written;
        lend(turn, txn);
        if (turn->state == State::kAborted) {
            mdb_txn_abort(txn);
            // Without a parent there is nothing that a later writer could join.
            if (txn == parent) return handle_.end();
        } else if (const int code = txn == parent ? 0 : mdb_txn_commit(txn); code == 0) {
            group.push_back(turn);
            written |= turn->writes;
        } else {
            conclude(turn, handle_.error(code, "commit"));
        }
        if (Clock::now() - opened > kMaxGroupTime) break;
    }

    const auto committing = Clock::now();
    const int code = mdb_txn_commit(parent);
    count_commit(Clock::now() - committing, code == 0);
    handle_.end();
    Result<void> outcome;
    if (code == 0) {
        // LMDB gives no number to a commit without writes.
        if (written.any()) stamps_.committed(number, written);
    } else {
        stamps_.failed();
        code == MDB_MAP_FULL ? handle_.demand_growth() : handle_.distrust();
        outcome = handle_.error(code, "commit");
    }
    TableSet after;
    for (auto turn = group.rbegin(); turn != group.rend(); ++turn) {
        (*turn)->written_after = after;
        after |= (*turn)->writes;
    }
    for (const auto& turn : group) conclude(turn, outcome);
}

std::shared_ptr<GroupCommit::Turn> GroupCommit::next() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return nullptr;
    auto turn = std::move(waiting_.front());
    waiting_.pop_front();
    return turn;
}

void GroupCommit::lend(const std::shared_ptr<Turn>& turn, MDB_txn* txn) {
    Lock lock(mutex_);
    turn->txn = txn;
    turn->state = State::kGranted;
    writer_ = turn->writer;
    turn->changed.notify_all();
    turn->changed.wait(lock, [&turn] { return turn->state != State::kGranted; });
}

void GroupCommit::conclude(const std::shared_ptr<Turn>& turn, Result<void> outcome) {
    const std::lock_guard lock(mutex_);
    turn->outcome = std::move(outcome);
    turn->state = State::kDone;
    turn->changed.notify_all();
}

void GroupCommit::fail_waiting(const Error& error) {
    while (const auto turn = next()) conclude(turn, tl::unexpected<Error>(error));
}

}  // namespace kigumi::kv
