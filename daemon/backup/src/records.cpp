#include "records.hpp"

#include <algorithm>

#include "target.hpp"

namespace kigumi::backup {

std::filesystem::path plain_path(const std::filesystem::path& path) {
    std::error_code error;
    auto absolute = std::filesystem::absolute(path, error);
    auto plain = (error ? path : absolute).lexically_normal();
    return plain.has_filename() || !plain.has_parent_path() ? plain : plain.parent_path();
}

Result<std::optional<BackupRecord>> record_at(Store& store, const std::filesystem::path& path) {
    KIGUMI_TRY(const auto records, store.backups());
    std::optional<BackupRecord> found;
    for (const BackupRecord& record : records)
        if (record.path == path && (!found || record.success_ms > found->success_ms))
            found = record;
    return found;
}

Result<std::optional<BackupRecord>> record_of(Store& store, const std::string& target) {
    KIGUMI_TRY(const auto records, store.backups());
    const auto it = std::find_if(records.begin(), records.end(),
                                 [&target](const auto& one) { return one.target == target; });
    return it == records.end() ? std::optional<BackupRecord>() : *it;
}

Result<void> note_failure(Store& store, const std::filesystem::path& path,
                          std::optional<BackupRecord> before, const Error& error) {
    if (!before) {
        KIGUMI_TRY(before, record_at(store, path));
    }
    if (!before) {
        before = BackupRecord{};
        KIGUMI_TRY(before->target, fresh_target_id());
        before->path = path;
    }
    before->error = error.message;
    before->error_ms = store.wall_ms();
    return store.put_backup(*before);
}

Result<bool> forget_path(Store& store, const std::filesystem::path& path) {
    KIGUMI_TRY(const auto records, store.backups());
    bool any = false;
    for (const BackupRecord& record : records) {
        if (record.path != path) continue;
        KIGUMI_CHECK(store.erase_backup(record.target));
        any = true;
    }
    return any;
}

Result<void> note_success(Store& store, BackupRecord record) {
    KIGUMI_TRY(const auto records, store.backups());
    for (const BackupRecord& other : records) {
        if (other.path != record.path || other.target == record.target || other.success_ms != 0)
            continue;
        if (other.error_ms > record.error_ms) {
            record.error = other.error;
            record.error_ms = other.error_ms;
        }
        KIGUMI_CHECK(store.erase_backup(other.target));
    }
    return store.put_backup(record);
}

}  // namespace kigumi::backup
