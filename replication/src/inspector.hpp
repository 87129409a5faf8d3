#pragma once

#include "kigumi/replication/check.hpp"
#include "origin_table.hpp"
#include "schema.hpp"

namespace kigumi {

/// Tells what is wrong with one row or index entry of a bucket, by what one transaction sees: so a
/// writer who changes both a row and its entries is never caught half way.
class Inspector {
  public:
    /// `origins` must know everybody whom the transaction does.
    Inspector(kv::ReadTxn& txn, schema::BucketId bucket, GrowingOrigins& origins,
              const VersionVector& version)
        : txn_(txn), bucket_(bucket), origins_(origins), version_(version) {}

    /// Looks at an item of `clock`, `rows`, `log` or `removed` and adds what is wrong with it.
    Result<void> look_at(kv::Table table, const kv::Item& item,
                         std::vector<check::Problem>& problems) const;
    /// The same of the item with that key; nothing if it is not there.
    Result<std::vector<check::Problem>> look_for(kv::Table table, std::string_view key) const;
    /// The same of an item of `rows`; returns the row unless its record is damaged.
    Result<std::optional<KeyedRow>> look_at_row(const kv::Item& item,
                                                std::vector<check::Problem>& problems) const;

    /// Looks at the proofs in an item of `rows` of a signed bucket. About 60 µs for each.
    void look_at_proofs(std::string_view bucket, const kv::Item& item,
                        std::vector<check::Problem>& problems) const;

    /// What stands at a place.
    struct Stored {
        bool there = false;
        std::optional<KeyedRow> row;  ///< nothing if its record is damaged
        bool holds(const Dot& dot) const { return row && row->row.find(dot) != nullptr; }
    };
    Result<Stored> stored_at(std::string_view place) const;

  private:
    /// The row that a record holds; an error if it is damaged or no writer can have written it.
    Result<KeyedRow> decode(std::string_view place, std::string_view record) const;
    Result<void> look_at_indexes(std::string_view place, const KeyedRow& keyed,
                                 std::vector<check::Problem>& problems) const;
    Result<void> look_at_log_entry(const kv::Item& item,
                                   std::vector<check::Problem>& problems) const;
    Result<void> look_at_clock_entry(const kv::Item& item,
                                     std::vector<check::Problem>& problems) const;
    Result<void> look_at_removed_entry(const kv::Item& item,
                                       std::vector<check::Problem>& problems) const;

    kv::ReadTxn& txn_;
    const schema::BucketId bucket_;
    GrowingOrigins& origins_;
    const VersionVector& version_;
};

/// The names of the row at a place, as far as its key tells them: long ones are cut there.
RowKey names_at(std::string_view place);

/// The write that a log entry's key names; nothing if it names none.
std::optional<Dot> log_dot(std::string_view key, const codec::OriginNames& origins);

}  // namespace kigumi
