#pragma once

#include <lmdb.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>

#include "kigumi/replication/lmdb_env.hpp"

namespace kigumi::kv {

/// The error for an LMDB return code. `doing` completes "cannot …".
tl::unexpected<Error> lmdb_error(int code, std::string_view doing);

/// The MDB_env and what may only be done to it while this process has no transaction open: opening,
/// growing the map, adopting another process's growth, reopening after a failed commit.
class LmdbHandle {
  public:
    LmdbHandle(std::filesystem::path directory, LmdbOptions options);
    ~LmdbHandle();
    LmdbHandle(const LmdbHandle&) = delete;
    LmdbHandle& operator=(const LmdbHandle&) = delete;

    Result<void> open();
    const std::filesystem::path& directory() const { return directory_; }

    /// Begins an LMDB transaction (`flags`: 0 or MDB_RDONLY); end it with end().
    Result<MDB_txn*> begin(unsigned flags);
    /// Says that a transaction of begin() is over (after its commit or abort).
    void end();

    /// The error for a return code, with the name of the directory. `doing` completes "cannot …".
    tl::unexpected<Error> error(int code, std::string_view doing) const;

    MDB_dbi table(Table table) const { return tables_[static_cast<std::size_t>(table)]; }
    Result<Usage> usage();
    void write_behind();
    Result<void> sync();

    /// Makes room for a large transaction ahead of time, and does due housekeeping. Call before
    /// begin(0); fails if writing is not possible now.
    Result<void> prepare_write();
    /// After a failed commit: the handle may not be trusted and is reopened before its next use.
    void distrust() { distrusted_ = true; }
    /// After MDB_MAP_FULL: grow at the next chance even if it seems large enough.
    void demand_growth() { growth_demanded_ = true; }

  private:
    Result<void> open_env();
    /// LMDB makes its lock file as a hole and maps it: at the first use of a page for which a full
    /// disk has no room, the process would be killed.
    Result<void> reserve_lock_file() const;
    /// Reading beyond the end of a file that was cut would kill the process; zeros are found out as
    /// damage. An undamaged file may be short too, by pages that were never needed.
    Result<void> fill_to_last_page();
    Result<void> open_tables();
    Result<void> reopen();
    Result<void> check_free_space() const;
    /// Of the file system; all there can be if it does not tell.
    std::uint64_t free_bytes() const;
    Result<void> grow_if_needed();
    /// Runs `action` while no transaction is open in this process; kBusy if they do not end soon.
    Result<void> alone(const std::function<Result<void>()>& action);

    const std::filesystem::path directory_;
    const LmdbOptions options_;
    MDB_env* env_ = nullptr;
    std::array<MDB_dbi, kTables> tables_{};
    std::atomic<bool> distrusted_ = false;
    std::atomic<bool> growth_demanded_ = false;

    std::mutex mutex_;
    std::condition_variable changed_;
    int transactions_ = 0;
    bool exclusive_ = false;
};

}  // namespace kigumi::kv
