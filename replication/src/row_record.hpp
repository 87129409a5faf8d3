#pragma once

#include <string>
#include <string_view>

#include "codec.hpp"
#include "kigumi/replication/batch.hpp"

/// How a row stands in the `rows` table (`docs/format/rows.md`).
namespace kigumi {

/// The table's key for a row, without the bucket. Keeps the order of keys and path elements; parts
/// over 100 bytes are cut and a hash of the whole stands for the rest, and `shortened` is set: the
/// record then holds the full names. LMDB takes keys up to 511 bytes.
struct StoreKey {
    std::string bytes;
    bool shortened = false;
};
StoreKey store_key(const RowKey& at);

/// The record: a checksum over key and body, then the body in msgpack.
std::string encode_record(std::string_view key, bool shortened, const RowKey& at, const Row& row,
                          codec::OriginNumbers& origins);

/// What a record begins with: the checksum over its key and the body that follows.
std::string record_checksum(std::string_view key, std::string_view body);

/// Checks the record's checksum; kCorrupt, with the name of its object, if it does not fit.
Result<void> check_record(std::string_view key, std::string_view record);

/// Decodes a record and the names of its row; a checksum that does not fit is kCorrupt.
Result<KeyedRow> decode_record(std::string_view key, std::string_view record,
                               const codec::OriginNames& origins,
                               codec::Values values = codec::Values::kRead);

/// The length of the part of a store key that names the object (its key and type).
std::size_t object_prefix(std::string_view key);

}  // namespace kigumi
