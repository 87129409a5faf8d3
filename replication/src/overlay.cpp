#include "overlay.hpp"

#include <algorithm>

#include "kigumi/crdt/defect.hpp"
#include "row_record.hpp"

namespace kigumi {

using kv::Table;

Result<KeyedRow> Overlay::shown(std::string_view at, std::optional<KeyedRow> ours,
                                std::optional<std::string_view> staged,
                                const codec::OriginNames& origins) const {
    const bool folded = !pending(at) || staged == kFolded || (!staged && !full);
    if (folded) return std::move(ours).value_or(KeyedRow());
    KeyedRow row;
    if (staged) {
        KIGUMI_TRY(row, decode_record(at, *staged, origins));
    } else if (ours) {
        row.at = ours->at;
    }
    row.row = joined(ours ? ours->row : Row(), row.row);
    return row;
}

Row Overlay::joined(const Row& ours, const Row& sent) const {
    return join(ours, before, accepted ? restricted(*accepted, ours, before, sent) : sent, theirs);
}

bool Overlay::indexed(const VersionVector& from, const VersionVector& to) const {
    return KIGUMI_DEFECT(kUnfoldedServed) ||
           std::all_of(theirs.begin(), theirs.end(), [&](const auto& entry) {
               const auto& [origin, counter] = entry;
               return std::max(from[origin], before[origin]) >= std::min(to[origin], counter);
           });
}

namespace overlay {
namespace {

/// Followed by the bucket's number.
constexpr std::string_view kOverlay = "overlay";
/// Of its record; the accepted origins may follow them.
constexpr std::uint32_t kFields = 4;

std::string key_of(schema::BucketId bucket) {
    return std::string(kOverlay) + schema::bucket_prefix(bucket);
}

}  // namespace

Result<std::optional<Overlay>> find(kv::ReadTxn& txn, schema::BucketId bucket,
                                    const VersionVector& version) {
    KIGUMI_TRY(const auto record, txn.get(Table::kMeta, key_of(bucket)));
    if (!record) return std::optional<Overlay>();
    KIGUMI_TRY(MsgpackReader reader, MsgpackReader::parse(*record));
    Overlay overlay;
    const std::uint32_t fields = reader.array();
    if (fields != kFields && fields != kFields + 1) reader.reject();
    overlay.before = codec::read_vector(reader);
    overlay.theirs = codec::read_vector(reader);
    overlay.full = reader.boolean();
    overlay.place = reader.bytes();
    if (fields > kFields) {
        overlay.accepted.emplace();
        for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left)
            overlay.accepted->push_back(codec::read_replica(reader));
    }
    KIGUMI_CHECK(reader.finish("what is stored of a pull that is being folded in"));
    if (!version.covers(overlay.before) || !version.covers(overlay.theirs))
        return fail(ErrorCode::kCorrupt,
                    "what is stored of a pull that is being folded in is of events that the "
                    "bucket's version does not cover; restore from a peer or a backup");
    return std::optional<Overlay>(std::move(overlay));
}

Result<void> put(kv::WriteTxn& txn, schema::BucketId bucket, const Overlay& overlay) {
    codec::Buffer record;
    codec::Packer packer(record);
    packer.pack_array(overlay.accepted ? kFields + 1 : kFields);
    codec::write_vector(packer, overlay.before);
    codec::write_vector(packer, overlay.theirs);
    overlay.full ? packer.pack_true() : packer.pack_false();
    codec::pack_bytes(packer, overlay.place);
    if (overlay.accepted) {
        packer.pack_array(static_cast<std::uint32_t>(overlay.accepted->size()));
        for (const ReplicaId& origin : *overlay.accepted) codec::pack_bytes(packer, origin.bytes());
    }
    KIGUMI_CHECK(schema::raise_format(txn, schema::kOverlaidFormat));
    return txn.put(Table::kMeta, key_of(bucket), record.bytes);
}

Result<void> erase(kv::WriteTxn& txn, schema::BucketId bucket) {
    KIGUMI_CHECK(txn.erase(Table::kMeta, key_of(bucket)));
    KIGUMI_TRY(const auto cursor, txn.cursor(Table::kMeta));
    KIGUMI_TRY(const auto other, cursor->seek(kOverlay));
    if (other && other->key.starts_with(kOverlay)) return {};
    KIGUMI_TRY(const std::uint32_t format, schema::format(txn));
    if (format > schema::kOverlaidFormat) return {};
    return schema::put_format(txn, schema::kFormatVersion);
}

}  // namespace overlay

}  // namespace kigumi
