#include "opinions.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace kigumi::cli {

bool daemon_runs(const std::filesystem::path& directory) {
    // It holds the lock file as long as it lives.
    const int file = open((directory / "kigumid.lock").c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    const bool held = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(file);
    return held;
}

Result<std::map<ReplicaId, ContactRecord>> opinions(Store& store) {
    std::map<ReplicaId, ContactRecord> found;
    if (!daemon_runs(store.directory())) return found;
    KIGUMI_TRY(const auto contacts, store.contacts());
    for (const ContactRecord& contact : contacts) found[contact.replica] = contact;
    return found;
}

}  // namespace kigumi::cli
