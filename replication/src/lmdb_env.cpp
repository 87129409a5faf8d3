#include "kigumi/replication/lmdb_env.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <mutex>
#include <set>

#include "group_commit.hpp"
#include "kigumi/replication/files.hpp"
#include "lmdb_handle.hpp"

namespace kigumi::kv {
namespace {

MDB_val to_val(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }

std::string_view to_view(const MDB_val& val) {
    return {static_cast<const char*>(val.mv_data), val.mv_size};
}

Result<std::optional<std::string_view>> read(MDB_txn* txn, MDB_dbi table, std::string_view key) {
    MDB_val wanted = to_val(key);
    MDB_val found{};
    const int code = mdb_get(txn, table, &wanted, &found);
    if (code == MDB_NOTFOUND) return std::optional<std::string_view>();
    if (code != 0) return lmdb_error(code, "read");
    return std::optional<std::string_view>(to_view(found));
}

class LmdbCursor : public Cursor {
  public:
    LmdbCursor() = default;
    ~LmdbCursor() override {
        if (cursor_ != nullptr) mdb_cursor_close(cursor_);
    }
    LmdbCursor(const LmdbCursor&) = delete;
    LmdbCursor& operator=(const LmdbCursor&) = delete;

    Result<void> open(MDB_txn* txn, MDB_dbi table) {
        const int code = mdb_cursor_open(txn, table, &cursor_);
        if (code != 0) return lmdb_error(code, "scan");
        return {};
    }

    Result<std::optional<Item>> seek(std::string_view lower) override {
        if (lower.empty()) return move({}, MDB_FIRST);
        return move(lower, MDB_SET_RANGE);
    }
    Result<std::optional<Item>> next() override { return move({}, MDB_NEXT); }

  private:
    Result<std::optional<Item>> move(std::string_view to, MDB_cursor_op op) {
        MDB_val key = to_val(to);
        MDB_val value{};
        const int code = mdb_cursor_get(cursor_, &key, &value, op);
        if (code == MDB_NOTFOUND) return std::optional<Item>();
        if (code != 0) return lmdb_error(code, "scan");
        return std::optional<Item>(Item{to_view(key), to_view(value)});
    }

    MDB_cursor* cursor_ = nullptr;
};

// Here and below the object comes first: what LMDB has begun must not be lost for want of memory.
Result<std::unique_ptr<Cursor>> open_cursor(MDB_txn* txn, MDB_dbi table) {
    auto cursor = std::make_unique<LmdbCursor>();
    KIGUMI_CHECK(cursor->open(txn, table));
    return std::unique_ptr<Cursor>(std::move(cursor));
}

Result<std::uint64_t> count_items(MDB_txn* txn, MDB_dbi table) {
    MDB_stat stat{};
    const int code = mdb_stat(txn, table, &stat);
    if (code != 0) return lmdb_error(code, "count");
    return std::uint64_t{stat.ms_entries};
}

class LmdbReadTxn : public ReadTxn {
  public:
    LmdbReadTxn(LmdbHandle& handle, const TableStamps& stamps)
        : handle_(handle), stamps_(stamps), failures_(stamps.failures()) {}
    ~LmdbReadTxn() override {
        if (txn_ == nullptr) return;
        mdb_txn_abort(txn_);
        handle_.end();
    }
    LmdbReadTxn(const LmdbReadTxn&) = delete;
    LmdbReadTxn& operator=(const LmdbReadTxn&) = delete;

    Result<void> begin() {
        KIGUMI_TRY(txn_, handle_.begin(MDB_RDONLY));
        return {};
    }
    Result<std::optional<std::string_view>> get(Table table, std::string_view key) override {
        return read(txn_, handle_.table(table), key);
    }
    Result<std::unique_ptr<Cursor>> cursor(Table table) override {
        return open_cursor(txn_, handle_.table(table));
    }
    Result<std::uint64_t> items(Table table) override {
        return count_items(txn_, handle_.table(table));
    }
    std::uint64_t stamp(Table table) const override {
        return stamps_.at(table, mdb_txn_id(txn_), failures_);
    }

  private:
    LmdbHandle& handle_;
    const TableStamps& stamps_;
    const std::uint64_t failures_;
    MDB_txn* txn_ = nullptr;
};

class LmdbWriteTxn : public WriteTxn {
  public:
    LmdbWriteTxn(LmdbHandle& handle, const TableStamps& stamps, GroupCommit& commits)
        : handle_(handle), stamps_(stamps), commits_(commits) {}
    ~LmdbWriteTxn() override {
        if (turn_) static_cast<void>(commits_.finish(*turn_, false));
    }
    LmdbWriteTxn(const LmdbWriteTxn&) = delete;
    LmdbWriteTxn& operator=(const LmdbWriteTxn&) = delete;

    Result<void> begin() {
        KIGUMI_TRY(turn_, commits_.begin());
        return {};
    }
    Result<std::optional<std::string_view>> get(Table table, std::string_view key) override {
        return read(turn_->txn, handle_.table(table), key);
    }
    Result<std::unique_ptr<Cursor>> cursor(Table table) override {
        return open_cursor(turn_->txn, handle_.table(table));
    }
    Result<std::uint64_t> items(Table table) override {
        return count_items(turn_->txn, handle_.table(table));
    }
    Result<void> put(Table table, std::string_view key, std::string_view value) override {
        MDB_val k = to_val(key);
        MDB_val v = to_val(value);
        return note(table, mdb_put(turn_->txn, handle_.table(table), &k, &v, 0));
    }
    Result<void> append(Table table, std::string_view key, std::string_view value) override {
        MDB_val k = to_val(key);
        MDB_val v = to_val(value);
        const int code = mdb_put(turn_->txn, handle_.table(table), &k, &v, MDB_APPEND);
        if (code != MDB_KEYEXIST) return note(table, code);
        failure_ = Error{ErrorCode::kInvalidArgument, "the keys to append are out of order"};
        return tl::unexpected<Error>(*failure_);
    }
    Result<void> erase(Table table, std::string_view key) override {
        MDB_val k = to_val(key);
        const int code = mdb_del(turn_->txn, handle_.table(table), &k, nullptr);
        if (code == MDB_NOTFOUND) return {};
        return note(table, code);
    }
    std::uint64_t stamp(Table table) const override {
        if (!turn_ || turn_->written_before[index_of(table)]) return 0;
        return stamps_.at(table, turn_->number - 1, turn_->failures);
    }
    Result<void> commit() override {
        const auto turn = std::move(turn_);
        turn_ = nullptr;
        if (!failure_) {
            KIGUMI_CHECK(commits_.finish(*turn, true));
            committed_ = turn;
            return {};
        }
        // A transaction in which a write failed holds a part of what was meant: never keep that.
        static_cast<void>(commits_.finish(*turn, false));
        return tl::unexpected<Error>(*failure_);
    }
    std::uint64_t stamp_after(Table table) const override {
        // Without writes the commit has no number.
        if (!committed_ || committed_->writes.none()) return 0;
        if (committed_->written_after[index_of(table)]) return 0;
        return stamps_.at(table, committed_->number, committed_->failures);
    }

  private:
    Result<void> note(Table table, int code) {
        if (code == 0) {
            turn_->writes.set(index_of(table));
            return {};
        }
        if (code == MDB_MAP_FULL) handle_.demand_growth();
        auto error = handle_.error(code, "write");
        if (!failure_) failure_ = error.value();
        return error;
    }

    LmdbHandle& handle_;
    const TableStamps& stamps_;
    GroupCommit& commits_;
    std::shared_ptr<GroupCommit::Turn> turn_;
    std::shared_ptr<GroupCommit::Turn> committed_;
    std::optional<Error> failure_;
};

/// The environments that this process has open, by device and inode of their directories.
class OpenDirectories {
  public:
    using Identity = std::pair<dev_t, ino_t>;

    static OpenDirectories& instance() {
        static OpenDirectories open;
        return open;
    }
    bool enter(Identity identity) {
        const std::lock_guard lock(mutex_);
        return open_.insert(identity).second;
    }
    void leave(Identity identity) {
        const std::lock_guard lock(mutex_);
        open_.erase(identity);
    }

  private:
    std::mutex mutex_;
    std::set<Identity> open_;
};

class LmdbEnv : public Env {
  public:
    LmdbEnv(const std::filesystem::path& directory, LmdbOptions options,
            OpenDirectories::Identity identity)
        : identity_(identity), handle_(directory, options), commits_(handle_, stamps_) {}
    ~LmdbEnv() override {
        if (entered_) OpenDirectories::instance().leave(identity_);
    }
    LmdbEnv(const LmdbEnv&) = delete;
    LmdbEnv& operator=(const LmdbEnv&) = delete;

    Result<void> open() {
        entered_ = OpenDirectories::instance().enter(identity_);
        if (entered_) return handle_.open();
        return fail(ErrorCode::kBusy, handle_.directory().string() +
                                          " is open in this process already; share that Store");
    }

    Result<std::unique_ptr<ReadTxn>> begin_read() override {
        KIGUMI_CHECK(check_process());
        auto txn = std::make_unique<LmdbReadTxn>(handle_, stamps_);
        KIGUMI_CHECK(txn->begin());
        return std::unique_ptr<ReadTxn>(std::move(txn));
    }
    Result<std::unique_ptr<WriteTxn>> begin_write() override {
        KIGUMI_CHECK(check_process());
        auto txn = std::make_unique<LmdbWriteTxn>(handle_, stamps_, commits_);
        KIGUMI_CHECK(txn->begin());
        return std::unique_ptr<WriteTxn>(std::move(txn));
    }
    Result<Usage> usage() override {
        KIGUMI_CHECK(check_process());
        return handle_.usage();
    }
    void write_behind() override { handle_.write_behind(); }
    Result<void> sync() override {
        KIGUMI_CHECK(check_process());
        return handle_.sync();
    }

  private:
    Result<void> check_process() const {
        if (getpid() == process_) return {};
        return fail(ErrorCode::kInvalidArgument,
                    "the environment was opened before a fork; open it again in the child");
    }

    const OpenDirectories::Identity identity_;
    bool entered_ = false;
    const pid_t process_ = getpid();
    LmdbHandle handle_;
    TableStamps stamps_;
    GroupCommit commits_;
};

}  // namespace

Result<std::unique_ptr<Env>> open_lmdb(const std::filesystem::path& directory,
                                       LmdbOptions options) {
    KIGUMI_CHECK(files::make_directories(directory));
    struct stat info {};
    const bool found = stat(directory.c_str(), &info) == 0;
    if (found && !S_ISDIR(info.st_mode)) errno = ENOTDIR;
    if (!found || !S_ISDIR(info.st_mode))
        return fail(ErrorCode::kIo, "cannot use " + directory.string() + " as a data directory: " +
                                        std::strerror(errno) + files::access_hint(directory));
    const OpenDirectories::Identity identity{info.st_dev, info.st_ino};
    auto env = std::make_unique<LmdbEnv>(directory, options, identity);
    KIGUMI_CHECK(env->open());
    return std::unique_ptr<Env>(std::move(env));
}

}  // namespace kigumi::kv
