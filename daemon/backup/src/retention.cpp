#include <set>

#include "kigumi/daemon/backup.hpp"

namespace kigumi::backup {
namespace {

using Numbers = std::set<std::uint64_t>;

/// The newest entry whose chain is all there; the last if there is none.
std::uint64_t newest_restorable(const Manifest& manifest, const std::vector<bool>& intact) {
    Numbers restorable;
    for (std::size_t i = 0; i < manifest.entries.size(); ++i) {
        const Entry& entry = manifest.entries[i];
        if (intact[i] && (entry.full() || restorable.contains(*entry.previous)))
            restorable.insert(entry.number);
    }
    return restorable.empty() ? manifest.entries.back().number : *restorable.rbegin();
}

}  // namespace

std::vector<std::uint64_t> to_drop(const Manifest& manifest, const Retention& retention,
                                   std::uint64_t now_ms, const std::vector<bool>& intact) {
    if (manifest.entries.empty() || (!retention.keep && !retention.keep_ms)) return {};
    Numbers kept = {manifest.entries.back().number, newest_restorable(manifest, intact)};
    std::uint64_t newer = 0;
    for (auto entry = manifest.entries.rbegin(); entry != manifest.entries.rend(); ++entry) {
        const bool recent = retention.keep && newer < *retention.keep;
        const bool young = retention.keep_ms && entry->time_ms + *retention.keep_ms > now_ms;
        if (recent || young) kept.insert(entry->number);
        // What a kept one builds on comes later in this order.
        if (kept.contains(entry->number) && entry->previous) kept.insert(*entry->previous);
        ++newer;
    }
    std::vector<std::uint64_t> dropped;
    for (const Entry& entry : manifest.entries)
        if (!kept.contains(entry.number)) dropped.push_back(entry.number);
    return dropped;
}

}  // namespace kigumi::backup
