#include "codec.hpp"

#include <algorithm>
#include <bit>

#include "big_endian.hpp"

namespace kigumi::codec {
namespace {

/// Elements of a write; a proof may follow them.
constexpr std::uint32_t kWriteFields = 5;

enum PayloadKind : std::uint8_t { kRemoved = 0, kValue = 1, kTally = 2, kReset = 3 };

// msgpack's own pack_double makes integers of 1.0, -0.0 and 1e19.
void pack_number(Packer& packer, double number) {
    std::string bytes = "\xCB";
    append_u64(bytes, std::bit_cast<std::uint64_t>(number));
    packer.pack_bin_body(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
}

void write_payload(Packer& packer, const Payload& payload, OriginNumbers& origins) {
    if (const auto* value = std::get_if<Value>(&payload)) {
        packer.pack_uint8(kValue);
        write_value(packer, *value);
    } else if (const auto* tally = std::get_if<Tally>(&payload)) {
        packer.pack_uint8(kTally);
        packer.pack_array(2);
        packer.pack_uint64(tally->added);
        packer.pack_uint64(tally->subtracted);
    } else if (const auto* reset = std::get_if<Reset>(&payload)) {
        packer.pack_uint8(kReset);
        packer.pack_array(static_cast<std::uint32_t>(reset->seen.size()));
        for (const auto& [origin, seen] : reset->seen) {
            packer.pack_array(3);
            packer.pack_uint64(origins.number_of(origin));
            packer.pack_uint64(seen.added);
            packer.pack_uint64(seen.subtracted);
        }
    } else {
        packer.pack_uint8(kRemoved);
        packer.pack_nil();
    }
}

ReplicaId read_origin(MsgpackReader& reader, const OriginNames& origins) {
    const ReplicaId* name = origins.name_of(reader.uint());
    if (name != nullptr) return *name;
    reader.reject();
    return {};
}

/// An array or object is checked as a whole before any of it is built: an element of one byte takes
/// forty in memory. `check_row` checks the others.
Value read_bounded_value(MsgpackReader& reader, Values values) {
    const MsgpackReader::Kind kind = reader.peek();
    const bool container = kind == MsgpackReader::Kind::kArray || kind == MsgpackReader::Kind::kMap;
    if (values == Values::kRead && !container) return read_value(reader);
    MsgpackReader ahead = reader;
    skip_value(ahead);
    if (!ahead.ok()) {
        reader.reject();
        return {};
    }
    if (values == Values::kRead) return read_value(reader);
    reader = ahead;
    return {};
}

Payload read_payload(MsgpackReader& reader, const OriginNames& origins, Values values) {
    switch (reader.uint()) {
        case kRemoved:
            reader.nil();
            return Removed{};
        case kValue:
            return read_bounded_value(reader, values);
        case kTally: {
            reader.array_of(2);
            Tally tally;
            tally.added = reader.uint();
            tally.subtracted = reader.uint();
            return tally;
        }
        case kReset: {
            Reset reset;
            for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left) {
                reader.array_of(3);
                Tally& seen = reset.seen[read_origin(reader, origins)];
                seen.added = reader.uint();
                seen.subtracted = reader.uint();
            }
            return reset;
        }
        default:
            reader.reject();
            return Removed{};
    }
}

}  // namespace

void pack_text(Packer& packer, std::string_view text) {
    packer.pack_str(static_cast<std::uint32_t>(text.size()));
    packer.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
}

void pack_bytes(Packer& packer, std::string_view raw) {
    packer.pack_bin(static_cast<std::uint32_t>(raw.size()));
    packer.pack_bin_body(raw.data(), static_cast<std::uint32_t>(raw.size()));
}

void write_value(Packer& packer, const Value& value) {
    if (const auto* flag = value.get_if<bool>()) {
        *flag ? packer.pack_true() : packer.pack_false();
    } else if (const auto* integer = value.get_if<std::int64_t>()) {
        packer.pack_int64(*integer);
    } else if (const auto* number = value.get_if<double>()) {
        pack_number(packer, *number);
    } else if (const auto* text = value.get_if<std::string>()) {
        pack_text(packer, *text);
    } else if (const auto* bytes = value.get_if<Bytes>()) {
        pack_bytes(packer, bytes->data);
    } else if (const auto* array = value.get_if<Array>()) {
        packer.pack_array(static_cast<std::uint32_t>(array->size()));
        for (const Value& item : *array) write_value(packer, item);
    } else if (const auto* object = value.get_if<Object>()) {
        packer.pack_map(static_cast<std::uint32_t>(object->size()));
        for (const auto& [name, item] : *object) {
            pack_text(packer, name);
            write_value(packer, item);
        }
    } else {
        packer.pack_nil();
    }
}

Value read_value(MsgpackReader& reader, std::size_t depth) {
    using Kind = MsgpackReader::Kind;
    if (depth > kMaxValueDepth) {
        reader.reject();
        return {};
    }
    switch (reader.peek()) {
        case Kind::kNil:
            reader.nil();
            return {};
        case Kind::kBool:
            return reader.boolean();
        case Kind::kUint:
        case Kind::kInt:
            return reader.integer();
        case Kind::kDouble:
            return reader.number();
        case Kind::kText:
            return reader.text();
        case Kind::kBytes:
            return Bytes{std::string(reader.bytes())};
        case Kind::kArray: {
            Array array;
            for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left)
                array.push_back(read_value(reader, depth + 1));
            return array;
        }
        case Kind::kMap: {
            Object object;
            for (std::uint32_t left = reader.map(); left > 0 && reader.ok(); --left) {
                std::string name(reader.text());
                // Writers go in order. Any other order would cost a sorted object quadratic time.
                if (!object.empty() && name <= object.rbegin()->first) reader.reject();
                object.emplace_hint(object.end(), std::move(name), read_value(reader, depth + 1));
            }
            return object;
        }
    }
    return {};
}

void write_row(Packer& packer, const Row& row, OriginNumbers& origins) {
    packer.pack_array(static_cast<std::uint32_t>(row.size()));
    for (const Write& write : row) {
        packer.pack_array(write.proof.empty() ? kWriteFields : kWriteFields + 1);
        packer.pack_uint64(origins.number_of(write.dot.origin));
        packer.pack_uint64(write.dot.counter);
        packer.pack_uint64(write.time.bits);
        write_payload(packer, write.payload, origins);
        if (!write.proof.empty()) pack_bytes(packer, write.proof.bytes());
    }
}

Row read_row(MsgpackReader& reader, const OriginNames& origins, Values values) {
    Row row;
    for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left) {
        const std::uint32_t fields = reader.array();
        if (fields != kWriteFields && fields != kWriteFields + 1) reader.reject();
        Write write;
        write.dot.origin = read_origin(reader, origins);
        write.dot.counter = reader.uint();
        write.time.bits = reader.uint();
        write.payload = read_payload(reader, origins, values);
        if (fields > kWriteFields) {
            const auto proof = Proof::from_bytes(reader.bytes());
            if (!proof) reader.reject();
            write.proof = proof.value_or(Proof());
        }
        if (write.dot.counter == 0) reader.reject();
        // Any other order than the writers' would cost a sorted row quadratic time.
        if (!row.empty() && write.dot <= std::prev(row.end())->dot) reader.reject();
        if (reader.ok()) row.insert(std::move(write));
    }
    return row;
}

void write_vector(Packer& packer, const VersionVector& vector) {
    packer.pack_array(static_cast<std::uint32_t>(vector.size()));
    for (const auto& [origin, counter] : vector) {
        packer.pack_array(2);
        pack_bytes(packer, origin.bytes());
        packer.pack_uint64(counter);
    }
}

ReplicaId read_replica(MsgpackReader& reader) {
    const auto replica = ReplicaId::from_bytes(reader.bytes());
    if (!replica) reader.reject();
    return replica.value_or(ReplicaId());
}

VersionVector read_vector(MsgpackReader& reader) {
    VersionVector vector;
    ReplicaId previous;
    for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left) {
        reader.array_of(2);
        const ReplicaId origin = read_replica(reader);
        // Writers go in order. Any other order would cost a sorted vector quadratic time.
        if (origin <= previous) reader.reject();
        previous = origin;
        vector.raise(origin, reader.uint());
    }
    return vector;
}

Result<void> check_row(const RowKey& at, const Row& row) {
    KIGUMI_CHECK(check_row_key(at));
    const bool tally_row = leaf_type(at) == Type::kCounter;
    for (const Write& write : row) {
        const bool tally_write = std::holds_alternative<Tally>(write.payload) ||
                                 std::holds_alternative<Reset>(write.payload);
        if (tally_row != tally_write)
            return fail(ErrorCode::kCorrupt, "a row holds a write of another kind than its type");
        if (const Value* value = write.value()) KIGUMI_CHECK(check_writable(*value));
    }
    return {};
}

}  // namespace kigumi::codec
