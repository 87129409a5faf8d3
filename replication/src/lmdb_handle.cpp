#include "lmdb_handle.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>

#include "kigumi/replication/files.hpp"

namespace kigumi::kv {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kMaxReaders = 2048;
constexpr auto kExclusiveWait = 2s;
/// With less free space than this, a write that fails did so for want of space.
constexpr std::uint64_t kNoRoom = std::uint64_t{1} << 20;
/// More than kMaxReaders places; LMDB uses all that the file has.
constexpr off_t kLockFileBytes = off_t{kMaxReaders} * 64 + 4096;
constexpr std::uint64_t kHeadroom = std::uint64_t{256} << 20;
constexpr std::array<const char*, kTables> kTableNames = {
    "rows", "log", "clock", "staging", "origins", "buckets", "meta", "members", "removed", "heads"};

}  // namespace

tl::unexpected<Error> lmdb_error(int code, std::string_view doing) {
    const std::string cannot = "cannot " + std::string(doing) + ": ";
    switch (code) {
        case MDB_MAP_FULL:
            return fail(ErrorCode::kFull, cannot + "the map is full; it grows, try again");
        case MDB_TXN_FULL:
            return fail(ErrorCode::kFull, cannot + "the transaction is too large; split it");
        case MDB_READERS_FULL:
            return fail(ErrorCode::kBusy, cannot + "too many readers; end some and try again");
        case ENOSPC:
            return fail(ErrorCode::kFull,
                        cannot + "the disk is full; free some space and try again");
        case EACCES:
            return fail(ErrorCode::kIo, cannot + "permission denied");
        case EROFS:
            return fail(ErrorCode::kIo, cannot + "the file system is read-only");
        case MDB_INVALID:
        case MDB_CORRUPTED:
        case MDB_PAGE_NOTFOUND:
        case MDB_VERSION_MISMATCH:
            return fail(ErrorCode::kCorrupt, cannot + mdb_strerror(code) +
                                                 "; restore the directory from a backup or a peer");
        default:
            return fail(ErrorCode::kIo, cannot + mdb_strerror(code));
    }
}

tl::unexpected<Error> LmdbHandle::error(int code, std::string_view doing) const {
    // LMDB calls it an input/output error when there was room for half of a write.
    if (code == EIO && free_bytes() < kNoRoom) code = ENOSPC;
    if (code == EACCES) {
        errno = code;
        return files::failed(doing, directory_ / "data.mdb");
    }
    return lmdb_error(code, std::string(doing) + " in " + directory_.string());
}

LmdbHandle::LmdbHandle(std::filesystem::path directory, LmdbOptions options)
    : directory_(std::move(directory)), options_(options) {}

LmdbHandle::~LmdbHandle() {
    if (env_ != nullptr) mdb_env_close(env_);
}

Result<void> LmdbHandle::open() {
    KIGUMI_CHECK(open_env());
    return open_tables();
}

Result<void> LmdbHandle::open_env() {
    KIGUMI_CHECK(reserve_lock_file());
    // LMDB would create it with a mode that the umask cuts. Closing it here loses no lock.
    KIGUMI_CHECK(files::open_shared(directory_ / "data.mdb", O_RDWR | O_CREAT));
    const unsigned flags = MDB_NOTLS | (options_.durable ? 0U : unsigned{MDB_NOSYNC});
    int code = mdb_env_create(&env_);
    if (code == 0) code = mdb_env_set_maxdbs(env_, kTables);
    if (code == 0) code = mdb_env_set_maxreaders(env_, kMaxReaders);
    if (code == 0) code = mdb_env_set_mapsize(env_, options_.map_bytes);
    if (code == 0) code = mdb_env_open(env_, directory_.c_str(), flags, files::kGroupReads);
    if (code != 0) {
        // After a failed open the handle must still be closed, and is good for nothing else.
        mdb_env_close(env_);
        env_ = nullptr;
        return error(code, "open the environment");
    }
    KIGUMI_CHECK(fill_to_last_page());
    int dead = 0;
    mdb_reader_check(env_, &dead);
    return {};
}

Result<void> LmdbHandle::reserve_lock_file() const {
    // Closing it drops this process's locks on it, of which there are none before LMDB opens it.
    KIGUMI_TRY(const auto file, files::open_shared(directory_ / "lock.mdb", O_RDWR | O_CREAT));
    struct ::stat now {};
    int code = fstat(file.get(), &now) == 0 ? 0 : errno;
    // A file that is there already may be in use: its size stays. Not posix_fallocate, which writes
    // into the file where the file system cannot do it.
    const off_t size = now.st_size > 0 ? now.st_size : kLockFileBytes;
    if (code == 0 && fallocate(file.get(), 0, 0, size) != 0 && errno != EOPNOTSUPP) code = errno;
    if (code != 0) return error(code, "open the environment");
    return {};
}

Result<void> LmdbHandle::fill_to_last_page() {
    MDB_envinfo info{};
    MDB_stat stat{};
    mdb_filehandle_t file = -1;
    struct ::stat now {};
    mdb_env_info(env_, &info);
    mdb_env_stat(env_, &stat);
    mdb_env_get_fd(env_, &file);
    const auto used = static_cast<off_t>((info.me_last_pgno + 1) * stat.ms_psize);
    // Not ftruncate: another process may be making the file longer at this moment.
    const bool cut = fstat(file, &now) == 0 && now.st_size < used;
    if (const int code = cut ? posix_fallocate(file, used - 1, 1) : 0; code != 0)
        return error(code, "open the environment");
    return {};
}

Result<void> LmdbHandle::open_tables() {
    int code = 0;
    for (const unsigned create : {0U, unsigned{MDB_CREATE}}) {
        MDB_txn* txn = nullptr;
        code = mdb_txn_begin(env_, nullptr, create == 0 ? MDB_RDONLY : 0, &txn);
        if (code != 0) break;
        for (std::size_t i = 0; i < kTables && code == 0; ++i)
            code = mdb_dbi_open(txn, kTableNames[i], create, &tables_[i]);
        // Handles opened in a transaction stay only if it commits, even one that reads.
        if (code == 0) {
            code = mdb_txn_commit(txn);
        } else {
            mdb_txn_abort(txn);
        }
        if (code != MDB_NOTFOUND) break;
    }
    if (code != 0) return error(code, "open the tables");
    return {};
}

Result<void> LmdbHandle::reopen() {
    return alone([this]() -> Result<void> {
        if (!distrusted_) return {};
        if (env_ != nullptr) mdb_env_close(env_);
        env_ = nullptr;
        KIGUMI_CHECK(open());
        distrusted_ = false;
        return {};
    });
}

Result<MDB_txn*> LmdbHandle::begin(unsigned flags) {
    const std::string_view doing = flags == 0 ? "begin a write" : "begin a read";
    for (int attempt = 0;; ++attempt) {
        if (distrusted_) KIGUMI_CHECK(reopen());
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return !exclusive_; });
            ++transactions_;
        }
        MDB_txn* txn = nullptr;
        const int code = env_ == nullptr ? EIO : mdb_txn_begin(env_, nullptr, flags, &txn);
        if (code == 0) return txn;
        end();
        if (attempt == 3) return error(code, doing);
        if (code == MDB_MAP_RESIZED) {
            // Another process has grown the map; 0 means "as large as it is now".
            KIGUMI_CHECK(alone([this]() -> Result<void> {
                const int adopted = mdb_env_set_mapsize(env_, 0);
                if (adopted != 0) return error(adopted, "adopt the grown map");
                return {};
            }));
        } else if (code == MDB_READERS_FULL) {
            int dead = 0;
            mdb_reader_check(env_, &dead);
            if (dead == 0) return error(code, doing);
        } else {
            return error(code, doing);
        }
    }
}

void LmdbHandle::end() {
    const std::lock_guard lock(mutex_);
    --transactions_;
    changed_.notify_all();
}

Result<void> LmdbHandle::alone(const std::function<Result<void>()>& action) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !exclusive_; });
    exclusive_ = true;
    const bool quiet =
        changed_.wait_for(lock, kExclusiveWait, [this] { return transactions_ == 0; });
    Result<void> outcome;
    if (quiet) {
        outcome = action();
    } else {
        outcome = fail(ErrorCode::kBusy,
                       "a read transaction has been open too long; end it and try again");
    }
    exclusive_ = false;
    changed_.notify_all();
    return outcome;
}

void LmdbHandle::write_behind() {
    mdb_filehandle_t file = -1;
    mdb_env_get_fd(env_, &file);
    files::write_behind(file);
}

Result<void> LmdbHandle::sync() {
    const int code = mdb_env_sync(env_, 1);
    if (code != 0) return error(code, "sync the environment");
    return {};
}

Result<Usage> LmdbHandle::usage() {
    KIGUMI_TRY(MDB_txn* const txn, begin(MDB_RDONLY));
    MDB_envinfo info{};
    MDB_stat stat{};
    mdb_env_info(env_, &info);
    mdb_env_stat(env_, &stat);
    // Not info.me_last_txnid: that is read from the meta page, which is there for some
    // milliseconds, while it is being synced, before readers see what was committed.
    const std::uint64_t commits = mdb_txn_id(txn);
    mdb_txn_abort(txn);
    end();
    Usage usage;
    usage.file_bytes = (static_cast<std::uint64_t>(info.me_last_pgno) + 1) * stat.ms_psize;
    usage.map_bytes = info.me_mapsize;
    usage.commits = commits;
    return usage;
}

Result<void> LmdbHandle::prepare_write() {
    KIGUMI_CHECK(check_free_space());
    return grow_if_needed();
}

std::uint64_t LmdbHandle::free_bytes() const {
    struct statvfs fs {};
    if (statvfs(directory_.c_str(), &fs) != 0) return std::numeric_limits<std::uint64_t>::max();
    return std::uint64_t{fs.f_bavail} * fs.f_frsize;
}

Result<void> LmdbHandle::check_free_space() const {
    const std::uint64_t free = free_bytes();
    if (free >= options_.min_free_bytes) return {};
    return fail(ErrorCode::kFull, "writes are refused: " + directory_.string() + " has only " +
                                      std::to_string(free >> 20) + " MiB free and needs " +
                                      std::to_string(options_.min_free_bytes >> 20) +
                                      "; free some space and try again");
}

Result<void> LmdbHandle::grow_if_needed() {
    KIGUMI_TRY(const Usage now, usage());
    if (!growth_demanded_ && now.file_bytes + kHeadroom <= now.map_bytes) return {};
    KIGUMI_CHECK(alone([this, &now]() -> Result<void> {
        const int code = mdb_env_set_mapsize(env_, std::max(2 * now.map_bytes, 2 * kHeadroom));
        if (code != 0) return error(code, "grow the map");
        return {};
    }));
    growth_demanded_ = false;
    return {};
}

}  // namespace kigumi::kv
