#pragma once

#include <array>
#include <bitset>
#include <mutex>

#include "kigumi/replication/kv.hpp"

namespace kigumi::kv {

using TableSet = std::bitset<kTables>;

inline std::size_t index_of(Table table) { return static_cast<std::size_t>(table); }

/// Tells of two committed states whether a table is surely the same in both, as far as this process
/// made what lies between them: what other processes commit may have changed anything.
///
/// A stamp is the number of a commit after which the table is as it is. It bears the number of
/// failures as well: after a failed commit a number may come twice. Thread-safe.
class TableStamps {
  public:
    /// How often a commit failed: ask before the transaction begins.
    std::uint64_t failures() const;
    /// The stamp of a table in the state that commit `number` left.
    std::uint64_t at(Table table, std::uint64_t number, std::uint64_t failures) const;

    /// This process has made commit `number`, which changed these tables.
    void committed(std::uint64_t number, TableSet changed);
    void failed();

  private:
    static constexpr std::uint64_t kNone = ~std::uint64_t{0};

    mutable std::mutex mutex_;
    std::uint64_t last_ = kNone;  ///< the last commit by this process
    std::uint64_t failures_ = 0;
    std::array<std::uint64_t, kTables> since_{};  ///< by table, as of `last_`
};

}  // namespace kigumi::kv
