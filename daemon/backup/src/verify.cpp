#include "kigumi/daemon/backup.hpp"
#include "target.hpp"

namespace kigumi::backup {
namespace {

using Problems = std::vector<std::string>;

/// Whether a bundle is the one that the manifest means, as far as it tells itself.
void compare(const Entry& entry, const Entry* previous, const bundle::Summary& summary,
             Problems& problems) {
    const auto differs = [&](const std::string& what) {
        problems.push_back(entry.file + ": it is not the bundle of the manifest: its " + what +
                           " differs");
    };
    if (summary.source != entry.source) differs("source");
    if (summary.time_ms != entry.time_ms) differs("time");
    if (summary.rows != entry.rows) differs("number of rows");
    for (const bundle::Cut& cut : summary.cuts) {
        const auto version = entry.versions.find(cut.bucket);
        if (version == entry.versions.end() || version->second != cut.version)
            differs("version of bucket " + cut.bucket);
        if (cut.full()) continue;
        const auto base =
            previous == nullptr ? entry.versions.end() : previous->versions.find(cut.bucket);
        if (previous == nullptr || base == previous->versions.end() ||
            !base->second.covers(cut.base))
            problems.push_back(entry.file + ": bucket " + cut.bucket +
                               " builds on more than the backup before it holds");
    }
}

void check_entry(const TargetReader& target, const Entry& entry, Problems& problems) {
    const std::filesystem::path file = target.file(entry);
    std::error_code error;
    const auto bytes = std::filesystem::file_size(file, error);
    if (error) return problems.push_back(entry.file + ": " + error.message());
    if (bytes != entry.bytes)
        problems.push_back(entry.file + ": it has " + std::to_string(bytes) + " bytes instead of " +
                           std::to_string(entry.bytes));
    const auto summary = bundle::verify(file);
    if (!summary) return problems.push_back(summary.error().message);
    if (const std::string checksum = checksum_text(summary->checksum); checksum != entry.checksum)
        problems.push_back(entry.file + ": its checksum is " + checksum + " instead of " +
                           entry.checksum);
    compare(entry, entry.previous ? target.manifest().find(*entry.previous) : nullptr, *summary,
            problems);
}

}  // namespace

Result<std::vector<std::string>> verify(const std::filesystem::path& directory) {
    KIGUMI_TRY(const TargetReader target, TargetReader::open(directory));
    Problems problems;
    for (const Entry& entry : target.manifest().entries) check_entry(target, entry, problems);
    return problems;
}

}  // namespace kigumi::backup
