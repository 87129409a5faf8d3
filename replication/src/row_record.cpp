#include "row_record.hpp"

#include <sodium/crypto_generichash.h>
#include <xxhash.h>

#include <array>
#include <cstring>

#include "big_endian.hpp"
#include "kigumi/crdt/json.hpp"
#include "kigumi/crdt/path.hpp"

namespace kigumi {
namespace {

constexpr std::size_t kLongPart = 100;
constexpr std::size_t kKeptOfLongPart = 64;
constexpr std::size_t kHashBytes = 24;
constexpr std::size_t kChecksumBytes = 4;
// After a 0x00, 0xFF means "a zero byte" and anything else ends the part; no part begins with 0xFE.
constexpr std::string_view kShortenedMark("\0\xFE", 2);

/// Whether a short part might be the shortened form of another: the numbers in an array or object
/// may hold the mark, and whoever chooses both members can make them fit.
bool looks_shortened(std::string_view part) {
    return part.size() >= kKeptOfLongPart &&
           (part.substr(kKeptOfLongPart - 1).starts_with(kShortenedMark) ||
            part.substr(kKeptOfLongPart).starts_with(kShortenedMark));
}

/// Appends an encoded part, or its shortened form; returns whether it was shortened. The hash has
/// to resist collisions on purpose: two rows under one key would be one row.
bool append_part(std::string& key, std::string_view part) {
    if (part.size() <= kLongPart && !looks_shortened(part)) {
        key += part;
        return false;
    }
    std::array<unsigned char, kHashBytes> hash{};
    crypto_generichash(hash.data(), hash.size(),
                       reinterpret_cast<const unsigned char*>(part.data()), part.size(), nullptr,
                       0);
    // Never cut an escaped zero in two: the half would read as the end of the part.
    const bool splits = part[kKeptOfLongPart - 1] == '\0';
    key += part.substr(0, splits ? kKeptOfLongPart - 1 : kKeptOfLongPart);
    key += kShortenedMark;
    key.append(reinterpret_cast<const char*>(hash.data()), hash.size());
    return true;
}

std::uint32_t checksum(std::string_view key, std::string_view body) {
    const XXH64_hash_t seed = XXH3_64bits(key.data(), key.size());
    return static_cast<std::uint32_t>(XXH3_64bits_withSeed(body.data(), body.size(), seed));
}

}  // namespace

std::string record_checksum(std::string_view key, std::string_view body) {
    std::string sum;
    append_u32(sum, checksum(key, body));
    return sum;
}

StoreKey store_key(const RowKey& at) {
    StoreKey out;
    std::string part;
    path::append_escaped(part, at.key);
    out.shortened = append_part(out.bytes, part);
    out.bytes.push_back(static_cast<char>(at.type));
    std::string_view rest = at.path;
    while (!rest.empty()) {
        const std::size_t length = path::element_length(rest).value_or(rest.size());
        if (append_part(out.bytes, rest.substr(0, length))) out.shortened = true;
        rest.remove_prefix(length);
    }
    return out;
}

std::string encode_record(std::string_view key, bool shortened, const RowKey& at, const Row& row,
                          codec::OriginNumbers& origins) {
    codec::Buffer buffer;
    buffer.bytes.resize(kChecksumBytes);
    codec::Packer packer(buffer);
    packer.pack_array(shortened ? 3 : 1);
    codec::write_row(packer, row, origins);
    if (shortened) {
        codec::pack_bytes(packer, at.key);
        codec::pack_bytes(packer, at.path);
    }
    const std::string_view body = std::string_view(buffer.bytes).substr(kChecksumBytes);
    buffer.bytes.replace(0, kChecksumBytes, record_checksum(key, body));
    return std::move(buffer.bytes);
}

Result<void> check_record(std::string_view key, std::string_view record) {
    const std::string_view body = record.substr(std::min(record.size(), kChecksumBytes));
    if (record.size() > kChecksumBytes && read_u32(record) == checksum(key, body)) return {};
    const auto name = path::take_escaped(key);
    return fail(ErrorCode::kCorrupt,
                "a stored row of " + (name && is_utf8(*name) ? json_string(*name) : "an object") +
                    " fails its checksum; restore this replica from a peer or a backup");
}

Result<KeyedRow> decode_record(std::string_view key, std::string_view record,
                               const codec::OriginNames& origins, codec::Values values) {
    KIGUMI_CHECK(check_record(key, record));
    KeyedRow keyed;
    std::string_view rest = key;
    auto name = path::take_escaped(rest);
    if (!name) return fail(ErrorCode::kCorrupt, "a stored row has a malformed key");
    KIGUMI_TRY(MsgpackReader reader, MsgpackReader::parse(record.substr(kChecksumBytes)));
    const std::uint32_t size = reader.array();
    keyed.row = codec::read_row(reader, origins, values);
    const auto type = type_of(static_cast<unsigned char>(key[object_prefix(key) - 1]));
    if (size == 3) {
        keyed.at.key = reader.bytes();
        keyed.at.path = reader.bytes();
    } else {
        keyed.at.key = std::move(*name);
        keyed.at.path = rest.substr(rest.empty() ? 0 : 1);
    }
    KIGUMI_CHECK(reader.finish("a stored row"));
    if (!type)
        return fail(ErrorCode::kUnsupported, "a stored row has a type this version does not know");
    keyed.at.type = *type;
    return keyed;
}

std::size_t object_prefix(std::string_view key) {
    for (std::size_t i = 0; i + 2 < key.size(); ++i) {
        if (key[i] != '\0') continue;
        if (key[i + 1] == '\xFF') {
            ++i;
        } else if (key[i + 1] == '\xFE') {
            return std::min(i + kShortenedMark.size() + kHashBytes + 1, key.size());
        } else {
            return i + 2;
        }
    }
    return key.size();
}

}  // namespace kigumi
