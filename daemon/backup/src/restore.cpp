#include "kigumi/daemon/restore.hpp"

#include <algorithm>
#include <chrono>

#include "kigumi/daemon/time_text.hpp"
#include "kigumi/replication/files.hpp"
#include "kigumi/replication/store.hpp"
#include "records.hpp"
#include "target.hpp"
#include "undo.hpp"

namespace kigumi::backup {
namespace {

namespace fs = std::filesystem;

/// The backup to restore, and the one before the moment if it is not the backup's own.
struct Choice {
    const Entry* restored;
    const Entry* earlier = nullptr;
};

Result<Choice> choose(const TargetReader& target, const std::optional<std::uint64_t>& at_ms) {
    const std::vector<Entry>& entries = target.manifest().entries;
    if (entries.empty()) return fail(ErrorCode::kNotFound, "the target holds no backup yet");
    if (!at_ms) return Choice{&entries.back()};
    const auto at = std::find_if(entries.begin(), entries.end(),
                                 [&](const Entry& entry) { return entry.time_ms >= *at_ms; });
    if (at == entries.end() || (at == entries.begin() && at->time_ms > *at_ms))
        return fail(ErrorCode::kNotFound, iso_time(*at_ms) +
                                              " is outside of what the backups cover: " +
                                              iso_time(entries.front().time_ms) + " to " +
                                              iso_time(entries.back().time_ms));
    return at->time_ms == *at_ms ? Choice{&*at} : Choice{&*at, &*(at - 1)};
}

/// That these are the bundles that the manifest means, and not others that are whole too.
Result<void> check_restored(const std::vector<Entry>& chain,
                            const std::vector<bundle::Summary>& summaries) {
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const Entry& entry = chain[i];
        const auto same = [&entry](const bundle::Summary& summary) {
            return summary.source == entry.source && summary.time_ms == entry.time_ms &&
                   summary.rows == entry.rows;
        };
        if (std::none_of(summaries.begin(), summaries.end(), same))
            return fail(ErrorCode::kCorrupt,
                        entry.file + " is another bundle than the one that was backed up");
    }
    return {};
}

Result<std::vector<bundle::Summary>> restore_entry(const TargetReader& target, const Entry& entry,
                                                   const fs::path& into) {
    KIGUMI_TRY(const auto files, target.files(entry));
    KIGUMI_TRY(auto summaries, bundle::restore(files, into));
    KIGUMI_CHECK(check_restored(target.manifest().chain(entry), summaries));
    return summaries;
}

Result<Undone> go_back(const TargetReader& target, const Entry& earlier,
                       const files::Scratch& restored, std::uint64_t at_ms) {
    KIGUMI_TRY(const files::Scratch before,
               files::Scratch::beside(restored.path().string() + ".before"));
    KIGUMI_CHECK(restore_entry(target, earlier, before.path()));
    KIGUMI_TRY(const auto earlier_store, Store::open(before.path()));
    KIGUMI_TRY(const auto store, Store::open(restored.path()));
    return undo_after(*store, *earlier_store, at_ms);
}

}  // namespace

Result<RestoreReport> restore(const RestoreRequest& request) {
    const auto begun = std::chrono::steady_clock::now();
    const fs::path into = plain_path(request.into);
    KIGUMI_CHECK(files::check_vacant(into));
    KIGUMI_TRY(const TargetReader target, TargetReader::open(request.target));
    KIGUMI_TRY(const Choice choice, choose(target, request.at_ms));
    KIGUMI_TRY(files::Scratch restored, files::Scratch::beside(into.string() + ".restoring"));
    KIGUMI_TRY(const auto summaries, restore_entry(target, *choice.restored, restored.path()));
    RestoreReport report;
    report.entry = *choice.restored;
    report.bundles = summaries.size();
    for (const bundle::Summary& summary : summaries) {
        report.rows += summary.rows;
        report.row_bytes += summary.row_bytes;
    }
    if (choice.earlier != nullptr) {
        KIGUMI_TRY(report.undone, go_back(target, *choice.earlier, restored, *request.at_ms));
    }
    KIGUMI_CHECK(restored.become(into));
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    return report;
}

}  // namespace kigumi::backup
