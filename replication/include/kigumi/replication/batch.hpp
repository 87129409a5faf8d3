#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/row.hpp"
#include "kigumi/crdt/row_key.hpp"

namespace kigumi {

/// A row and where it stands, on its way from one replica to another.
struct KeyedRow {
    RowKey at;
    Row row;
    bool operator==(const KeyedRow&) const = default;
};

/// Packs rows into one self-contained text (`docs/format/wire.md`): a table of the replicas that
/// its dots name, then the rows. Pushes, pull answers and files carry rows in this form only.
class KIGUMI_API BatchWriter {
  public:
    BatchWriter();
    ~BatchWriter();

    void add(const KeyedRow& keyed);
    std::size_t rows() const;
    /// What `finish` will give, in bytes, give or take a few.
    std::size_t bytes() const;
    /// The batch; the writer starts over, empty.
    std::string finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Packs rows that are all at hand.
KIGUMI_API std::string encode_batch(const std::vector<KeyedRow>& rows);

/// Unpacks and checks a batch from anywhere: malformed bytes, rows that no writer can have written
/// and repeated dots are errors. Memory is bounded by a multiple of the bytes.
KIGUMI_API Result<std::vector<KeyedRow>> decode_batch(std::string_view bytes);

}  // namespace kigumi
