#include "codec.hpp"
#include "kigumi/replication/store.hpp"
#include "store_state.hpp"

/// The places that this node backs up to, in the `meta` table.
namespace kigumi {
namespace {

using kv::Table;

constexpr std::string_view kPrefix = "backup/";

std::string key_of(std::string_view target) { return std::string(kPrefix) + std::string(target); }

std::string encode(const BackupRecord& record) {
    codec::Buffer buffer;
    codec::Packer packer(buffer);
    packer.pack_array(9);
    codec::pack_text(packer, record.path);
    packer.pack_map(static_cast<std::uint32_t>(record.versions.size()));
    for (const auto& [bucket, version] : record.versions) {
        codec::pack_text(packer, bucket);
        codec::write_vector(packer, version);
    }
    packer.pack_uint64(record.hold_until_ms);
    packer.pack_uint64(record.success_ms);
    record.full ? packer.pack_true() : packer.pack_false();
    packer.pack_uint64(record.bytes);
    codec::pack_text(packer, record.error);
    packer.pack_uint64(record.error_ms);
    packer.pack_uint64(record.next_ms);
    return std::move(buffer.bytes);
}

Result<BackupRecord> decode(const kv::Item& item) {
    BackupRecord record;
    record.target = item.key.substr(kPrefix.size());
    KIGUMI_TRY(MsgpackReader reader, MsgpackReader::parse(item.value));
    reader.array_of(9);
    record.path = reader.text();
    for (std::uint32_t left = reader.map(); left > 0 && reader.ok(); --left) {
        const std::string bucket(reader.text());
        record.versions[bucket] = codec::read_vector(reader);
    }
    record.hold_until_ms = reader.uint();
    record.success_ms = reader.uint();
    record.full = reader.boolean();
    record.bytes = reader.uint();
    record.error = reader.text();
    record.error_ms = reader.uint();
    record.next_ms = reader.uint();
    KIGUMI_CHECK(reader.finish("a stored record of backups"));
    return record;
}

}  // namespace

Result<void> Store::put_backup(const BackupRecord& record) {
    KIGUMI_TRY(const auto txn, state_->env->begin_write());
    KIGUMI_CHECK(txn->put(Table::kMeta, key_of(record.target), encode(record)));
    return txn->commit();
}

Result<void> Store::erase_backup(std::string_view target) {
    KIGUMI_TRY(const auto txn, state_->env->begin_write());
    KIGUMI_CHECK(txn->erase(Table::kMeta, key_of(target)));
    return txn->commit();
}

Result<std::vector<BackupRecord>> Store::backups() {
    KIGUMI_TRY(const auto txn, state_->env->begin_read());
    std::vector<BackupRecord> records;
    KIGUMI_TRY(const auto cursor, txn->cursor(Table::kMeta));
    KIGUMI_TRY(auto item, cursor->seek(kPrefix));
    while (item && item->key.starts_with(kPrefix)) {
        KIGUMI_TRY(BackupRecord record, decode(*item));
        records.push_back(std::move(record));
        KIGUMI_TRY(item, cursor->next());
    }
    return records;
}

}  // namespace kigumi
