#pragma once

#include "kigumi/crdt/row_space.hpp"
#include "kigumi/replication/batch.hpp"
#include "row_record.hpp"
#include "schema.hpp"

/// Reading the rows of one bucket, the same for readers and writers.
namespace kigumi::bucket {

struct Reader {
    kv::ReadTxn& txn;
    schema::BucketId id;
    const codec::OriginNames& origins;

    Result<Row> get(const RowKey& at) const;
    Result<void> scan(const RowKey& from, const RowVisitor& visit) const;
    Result<void> each_object(const std::function<bool(const std::string&, Type)>& visit,
                             const RowKey& from) const;
    /// The row under that key of the `rows` table (bucket included).
    Result<std::optional<KeyedRow>> at_key(std::string_view key) const;
};

}  // namespace kigumi::bucket
