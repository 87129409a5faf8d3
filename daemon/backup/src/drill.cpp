#include "kigumi/daemon/drill.hpp"

#include <algorithm>
#include <chrono>

#include "compare.hpp"
#include "kigumi/daemon/restore.hpp"
#include "kigumi/replication/check.hpp"
#include "kigumi/replication/files.hpp"

namespace kigumi::backup {
namespace {

constexpr std::size_t kShown = 20;

Result<std::filesystem::path> scratch_place(const DrillRequest& request) {
    std::error_code error;
    const auto place =
        request.scratch.empty() ? std::filesystem::temp_directory_path(error) : request.scratch;
    if (error) return fail(ErrorCode::kIo, "there is no place for temporary files; name one");
    return place;
}

Result<void> count_ahead(Store& store, const std::string& bucket, const VersionVector& backup,
                         DrillReport& report) {
    KIGUMI_TRY(const auto live, store.read(bucket));
    report.events_ahead += events_missing(backup, live.version());
    return {};
}

Result<void> compare_all(Store& store, Store& restored, DrillReport& report) {
    const auto tell = [&report](std::string what) {
        if (report.differences.size() < kShown) report.differences.push_back(std::move(what));
    };
    KIGUMI_TRY(const check::Report checked, check::run(restored));
    for (const check::Problem& problem : checked.problems) tell(check::describe(problem));
    KIGUMI_TRY(const auto buckets, restored.buckets());
    for (const auto& [bucket, version] : report.entry.versions) {
        KIGUMI_TRY(const auto snapshot, restored.read(bucket));
        if (snapshot.version() != version)
            tell("bucket " + bucket + " was restored at another version than that of the backup");
        KIGUMI_CHECK(count_ahead(store, bucket, version, report));
        KIGUMI_TRY(const Comparison found, compare(store, restored, bucket));
        report.rows += found.rows;
        report.changed_since += found.changed_since;
        report.wrong += found.wrong;
        for (const std::string& difference : found.differences) tell(difference);
    }
    // A bucket that is newer than the backup.
    KIGUMI_TRY(const auto names, store.buckets());
    for (const std::string& bucket : names)
        if (!report.entry.versions.contains(bucket))
            KIGUMI_CHECK(count_ahead(store, bucket, {}, report));
    return {};
}

}  // namespace

Result<DrillReport> drill(Store& store, const DrillRequest& request) {
    KIGUMI_TRY(const auto place, scratch_place(request));
    KIGUMI_TRY(const files::Scratch scratch, files::Scratch::beside(place / "kigumi-drill"));
    const auto directory = scratch.path() / "store";
    const auto begun = std::chrono::steady_clock::now();
    KIGUMI_TRY(const RestoreReport restored, restore({request.target, directory, {}}));
    KIGUMI_TRY(const auto copy, Store::open(directory));
    DrillReport report;
    report.recovery_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    report.entry = restored.entry;
    report.recovery_bytes = restored.row_bytes;
    const std::uint64_t now_ms = store.wall_ms();
    report.age_ms = now_ms - std::min(now_ms, restored.entry.time_ms);
    KIGUMI_CHECK(compare_all(store, *copy, report));
    return report;
}

}  // namespace kigumi::backup
