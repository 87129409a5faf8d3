#pragma once

#include <msgpack/pack.hpp>
#include <string>
#include <vector>

#include "kigumi/crdt/row.hpp"
#include "kigumi/crdt/row_key.hpp"
#include "msgpack_reader.hpp"

/// The msgpack forms that the disk and the wire share. `docs/format/rows.md` gives the bytes.
namespace kigumi::codec {

/// A string that msgpack packs into.
struct Buffer {
    std::string bytes;
    void write(const char* data, std::size_t size) { bytes.append(data, size); }
};
using Packer = msgpack::packer<Buffer>;

void pack_text(Packer& packer, std::string_view text);
void pack_bytes(Packer& packer, std::string_view raw);

void write_value(Packer& packer, const Value& value);
Value read_value(MsgpackReader& reader, std::size_t depth = 0);
/// Passes over a value, and rejects what could not be read or is not writable (`check_writable`).
void skip_value(MsgpackReader& reader);

/// How replicas are named in a text: by their number in a table that stands beside it.
class OriginNumbers {
  public:
    virtual ~OriginNumbers() = default;
    /// The number of a replica; the table grows by what it does not hold yet.
    virtual std::uint64_t number_of(const ReplicaId& origin) = 0;
};
class OriginNames {
  public:
    virtual ~OriginNames() = default;
    /// The replica of that number, or null.
    virtual const ReplicaId* name_of(std::uint64_t number) const = 0;
};

void write_row(Packer& packer, const Row& row, OriginNumbers& origins);
/// What becomes of the values in a row that is read: who only has to know that they are sound gets
/// null for each.
enum class Values { kRead, kSkip };
/// The row; rejects writes out of order, a dot that stands twice, counters of 0 and unknown
/// origins.
Row read_row(MsgpackReader& reader, const OriginNames& origins, Values values = Values::kRead);

void write_vector(Packer& packer, const VersionVector& vector);
VersionVector read_vector(MsgpackReader& reader);

ReplicaId read_replica(MsgpackReader& reader);

/// Rejects what no writer can have written: a payload of the wrong kind for its row, or a row that
/// may not stand where it does.
Result<void> check_row(const RowKey& at, const Row& row);

}  // namespace kigumi::codec
