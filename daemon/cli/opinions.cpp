#include "opinions.hpp"

#include <system_error>

#include "kigumi/replication/files.hpp"

namespace kigumi::cli {

bool daemon_runs(const std::filesystem::path& directory) {
    // It holds the lock file as long as it lives.
    const auto file = directory / "kigumid.lock";
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return false;
    const auto lock = files::Lock::take(file, files::Lock::Mode::kShared);
    return !lock && lock.error().code == ErrorCode::kBusy;
}

Result<std::map<ReplicaId, ContactRecord>> opinions(Store& store) {
    std::map<ReplicaId, ContactRecord> found;
    if (!daemon_runs(store.directory())) return found;
    KIGUMI_TRY(const auto contacts, store.contacts());
    for (const ContactRecord& contact : contacts) found[contact.replica] = contact;
    return found;
}

}  // namespace kigumi::cli
