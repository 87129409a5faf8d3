#pragma once

#include <functional>
#include <vector>

#include "kigumi/replication/transaction.hpp"

namespace kigumi {

/// The rows of a snapshot as they are stored, for those who keep them so.
class StoredRows {
  public:
    /// A row's place (its key in the table, without the bucket) and its record.
    using VisitRecord =
        std::function<Result<void>(std::string_view place, std::string_view record)>;
    using VisitEntry = std::function<Result<void>(std::uint32_t origin, std::uint64_t counter,
                                                  std::string_view place)>;

    explicit StoredRows(ReadTransaction& snapshot) : snapshot_(snapshot) {}

    /// Whether any row of the store, of this bucket or another, can have a write with a proof.
    Result<bool> may_bear_proofs() const;
    /// The replicas that records and entries name, by their numbers.
    std::vector<ReplicaId> origins() const;
    /// The row that a record holds.
    Result<KeyedRow> decode(std::string_view place, std::string_view record) const;
    /// All rows in order. One that fails its checksum is an error that names it.
    Result<void> each(const VisitRecord& visit) const;
    /// The rows with an event above `base`, each once.
    Result<void> each_after(const VersionVector& base, const VisitRecord& visit) const;
    /// The log in order.
    Result<void> each_log_entry(const VisitEntry& visit) const;

  private:
    ReadTransaction& snapshot_;
};

}  // namespace kigumi
