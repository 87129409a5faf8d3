#pragma once

#include "kigumi/crdt/row_space.hpp"
#include "overlay.hpp"
#include "row_record.hpp"

/// Reading the rows of one bucket, the same for readers and writers.
namespace kigumi::bucket {

struct Reader {
    kv::ReadTxn& txn;
    schema::BucketId id;
    const codec::OriginNames& origins;
    const Overlay* overlay;  ///< null if there is none

    Result<Row> get(const RowKey& at) const;
    Result<void> scan(const RowKey& from, const RowVisitor& visit) const;
    Result<void> each_object(const std::function<bool(const std::string&, Type)>& visit,
                             const RowKey& from) const;
    /// The row that shows at a place (its key in the `rows` table without the bucket).
    Result<std::optional<KeyedRow>> at_place(std::string_view place) const;
    /// The row under that key of the `rows` table (bucket included), whatever lies over it.
    Result<std::optional<KeyedRow>> at_key(std::string_view key) const;
    /// The record that is staged under that key.
    Result<std::optional<std::string_view>> staged_at(std::string_view key) const;
};

/// A position among the rows that show, in the order of their places.
class Walk {
  public:
    struct Placed {
        std::string_view place;  ///< valid until the walk moves or the transaction writes
        KeyedRow row;
    };

    static Result<Walk> through(const Reader& reader);
    /// The first row that is not before `place`; nothing at the end.
    Result<std::optional<Placed>> seek(std::string_view place);
    Result<std::optional<Placed>> next();

  private:
    /// One table's items in the bucket.
    struct Lane {
        std::unique_ptr<kv::Cursor> cursor;  ///< null if the table does not matter
        std::optional<kv::Item> item;

        Result<void> seek(std::string_view prefix, std::string_view place);
        Result<void> next(std::string_view prefix);
        void keep_within(std::string_view prefix);
    };

    explicit Walk(const Reader& reader)
        : reader_(reader), prefix_(schema::bucket_prefix(reader.id)) {}
    Result<void> step();
    Result<std::optional<Placed>> settle();
    /// Where the walk stands; nothing at the end.
    std::optional<std::string_view> place() const;

    Reader reader_;
    std::string prefix_;
    Lane rows_;
    Lane staged_;
};

}  // namespace kigumi::bucket
