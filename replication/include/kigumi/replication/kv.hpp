#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/result.hpp"

/// The one seam to storage: an ordered, transactional key-value environment with a few tables.
///
/// LMDB stands behind it in the product (`lmdb_env.hpp`), a map in memory under the simulator
/// (`memory_env.hpp`); the store above is the same code on both.
namespace kigumi::kv {

/// The tables; `docs/format/store.md` says what is in each.
enum class Table : std::uint8_t {
    kRows,
    kLog,
    kClock,
    kStaging,
    kOrigins,
    kBuckets,
    kMeta,
    kMembers,
    kRemoved,
    kHeads
};
/// How many there are.
inline constexpr std::size_t kTables = 10;

/// Views of stored bytes, valid until the transaction writes or ends.
struct Item {
    std::string_view key;
    std::string_view value;
};

/// A position in a table's order. Must not outlive its transaction.
class KIGUMI_API Cursor {
  public:
    virtual ~Cursor() = default;
    /// Moves to the first item whose key is not before `lower`; nothing at the end.
    virtual Result<std::optional<Item>> seek(std::string_view lower) = 0;
    virtual Result<std::optional<Item>> next() = 0;
};

/// A view of one committed state (or, in a WriteTxn, of that state with its own writes). One thread
/// at a time. Keep it short: what it sees cannot be reused on disk while it lives.
class KIGUMI_API ReadTxn {
  public:
    virtual ~ReadTxn() = default;
    virtual Result<std::optional<std::string_view>> get(Table table, std::string_view key) = 0;
    virtual Result<std::unique_ptr<Cursor>> cursor(Table table) = 0;
    /// The number of items in a table. O(1).
    virtual Result<std::uint64_t> items(Table table) = 0;
    /// A name for what this transaction saw in the table when it began: two transactions of one Env
    /// that have the same saw the same there, whichever process committed in between. 0: no name;
    /// and the same content may have several. O(1).
    virtual std::uint64_t stamp(Table) const { return 0; }
};

/// The one writer of the moment. Ended without commit, it changes nothing.
class KIGUMI_API WriteTxn : public ReadTxn {
  public:
    virtual Result<void> put(Table table, std::string_view key, std::string_view value) = 0;
    /// As put, of a key that comes after all others in the table; kInvalidArgument if it does not.
    /// Fills pages to the brim and never searches.
    virtual Result<void> append(Table table, std::string_view key, std::string_view value) = 0;
    /// Erasing what is not there is no error.
    virtual Result<void> erase(Table table, std::string_view key) = 0;
    /// Returns once the writes are durable; on an error nothing was kept. Called at most once.
    virtual Result<void> commit() = 0;
    /// After commit: the stamp of the table as this transaction left it. 0 as well if others, whose
    /// writes became visible with these, changed it afterwards.
    virtual std::uint64_t stamp_after(Table) const { return 0; }
};

/// How large an environment is, and how far.
struct Usage {
    std::uint64_t file_bytes = 0;
    std::uint64_t map_bytes = 0;
    std::uint64_t commits = 0;  ///< the id of the last commit, by any process, that readers see
};

/// An open environment. Any thread may begin transactions.
class KIGUMI_API Env {
  public:
    virtual ~Env() = default;
    virtual Result<std::unique_ptr<ReadTxn>> begin_read() = 0;
    /// Waits for its turn: one writer at a time.
    virtual Result<std::unique_ptr<WriteTxn>> begin_write() = 0;
    virtual Result<Usage> usage() = 0;
    /// `files::write_behind` of what was committed so far.
    virtual void write_behind() = 0;
    /// Makes durable what was committed with `LmdbOptions::durable` off.
    virtual Result<void> sync() = 0;
};

}  // namespace kigumi::kv
