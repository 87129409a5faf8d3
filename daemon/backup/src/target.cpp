#include "target.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <set>

namespace kigumi::backup {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWriterLock = "writer.lock";
constexpr const char* kReadersLock = "readers.lock";
constexpr std::string_view kPrefix = "backup-";
constexpr std::string_view kFull = "-full.bundle";
constexpr std::string_view kIncremental = "-incremental.bundle";
constexpr std::size_t kDigits = 8;
/// What `bundle::write` calls a file that it has not finished.
constexpr std::string_view kUnfinished = ".partial";

/// The files of a target that may be bundles, or what a bundle was before it was whole.
Result<std::vector<std::string>> bundle_like(const fs::path& directory) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(directory, error), end; !error && at != end;
         at.increment(error)) {
        std::string name = at->path().filename().string();
        std::string_view whole = name;
        if (whole.ends_with(kUnfinished)) whole.remove_suffix(kUnfinished.size());
        if (is_bundle_name(whole)) names.push_back(std::move(name));
    }
    if (!error) return names;
    return fail(ErrorCode::kIo, "cannot list " + directory.string() + ": " + error.message());
}

Result<void> make_directory(const fs::path& directory) {
    if (mkdir(directory.c_str(), 0750) == 0) {
        const fs::path parent = directory.parent_path();
        return files::sync_directory(parent.empty() ? "." : parent);
    }
    if (errno == EEXIST && fs::is_directory(directory)) return {};
    if (errno == EEXIST) errno = ENOTDIR;
    return files::failed("make the backup target", directory);
}

Result<Manifest> new_manifest(const fs::path& directory) {
    KIGUMI_TRY(const auto bundles, bundle_like(directory));
    if (!bundles.empty())
        return fail(ErrorCode::kCorrupt, directory.string() + " holds bundles (" + bundles.front() +
                                             ") but no " + kManifestName +
                                             "; bring it back, or back up to another directory");
    Manifest manifest;
    KIGUMI_TRY(manifest.target, fresh_target_id());
    KIGUMI_CHECK(files::replace_file(directory / kManifestName, to_json(manifest)));
    return manifest;
}

}  // namespace

Result<std::string> fresh_target_id() {
    ReplicaId::Bytes bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return fail(ErrorCode::kIo, "the system has no random generator");
    return ReplicaId(bytes).hex();
}

std::string bundle_name(std::uint64_t number, bool full) {
    std::string digits = std::to_string(number);
    digits.insert(0, kDigits - std::min(kDigits, digits.size()), '0');
    return std::string(kPrefix) + digits + std::string(full ? kFull : kIncremental);
}

std::string checksum_text(std::uint64_t checksum) {
    std::array<char, 17> hex{};
    std::snprintf(hex.data(), hex.size(), "%016" PRIx64, checksum);
    return hex.data();
}

bool is_bundle_name(std::string_view name) {
    if (!name.starts_with(kPrefix)) return false;
    name.remove_prefix(kPrefix.size());
    const auto digits = name.find_first_not_of("0123456789");
    if (digits == std::string_view::npos || digits < kDigits || digits > 20) return false;
    name.remove_prefix(digits);
    return name == kFull || name == kIncremental;
}

bool is_intact(const fs::path& directory, const Entry& entry) {
    std::error_code error;
    const auto bytes = fs::file_size(directory / entry.file, error);
    return !error && bytes == entry.bytes;
}

Result<TargetWriter> TargetWriter::open(const fs::path& directory, bool create) {
    TargetWriter target;
    target.directory_ = directory;
    if (create) KIGUMI_CHECK(make_directory(directory));
    auto lock = files::Lock::take(directory / kWriterLock, files::Lock::Mode::kExclusive);
    if (!lock && lock.error().code == ErrorCode::kBusy)
        return fail(ErrorCode::kBusy, "another process is backing up to " + directory.string() +
                                          "; wait until it is done");
    if (!lock) return tl::unexpected<Error>(lock.error());
    target.lock_ = std::move(*lock);
    auto manifest = read_manifest(directory);
    if (!manifest && manifest.error().code == ErrorCode::kNotFound && create)
        manifest = new_manifest(directory);
    if (!manifest) return tl::unexpected<Error>(manifest.error());
    target.manifest_ = std::move(*manifest);
    target.remove_strays();
    return target;
}

std::vector<bool> TargetWriter::intact() const {
    std::vector<bool> all;
    for (const Entry& entry : manifest_.entries) all.push_back(is_intact(directory_, entry));
    return all;
}

std::uint64_t TargetWriter::next_number() const {
    return manifest_.entries.empty() ? 1 : manifest_.entries.back().number + 1;
}

Result<void> TargetWriter::put(Manifest manifest) {
    KIGUMI_CHECK(files::replace_file(directory_ / kManifestName, to_json(manifest)));
    manifest_ = std::move(manifest);
    remove_strays();
    return {};
}

void TargetWriter::remove_strays() const {
    // Somebody who reads may still need what an earlier manifest named.
    const auto alone = files::Lock::take(directory_ / kReadersLock, files::Lock::Mode::kExclusive);
    const auto names = bundle_like(directory_);
    if (!alone || !names) return;
    std::set<std::string_view> named;
    for (const Entry& entry : manifest_.entries) named.insert(entry.file);
    for (const std::string& name : *names)
        if (!named.contains(name)) static_cast<void>(std::remove((directory_ / name).c_str()));
}

Result<TargetReader> TargetReader::open(const fs::path& directory) {
    TargetReader target;
    target.directory_ = directory;
    // What is no target gets no lock file.
    KIGUMI_TRY(target.manifest_, read_manifest(directory));
    // Before the manifest is read, so that what it names cannot go in between. Where no lock can be
    // made (a read-only medium), nobody removes anything either.
    auto lock = files::Lock::take(directory / kReadersLock, files::Lock::Mode::kShared);
    for (int attempt = 0; !lock && lock.error().code == ErrorCode::kBusy && attempt < 100;
         ++attempt) {
        usleep(20'000);
        lock = files::Lock::take(directory / kReadersLock, files::Lock::Mode::kShared);
    }
    if (lock) target.lock_ = std::move(*lock);
    KIGUMI_TRY(target.manifest_, read_manifest(directory));
    return target;
}

Result<std::vector<fs::path>> TargetReader::files(const Entry& last) const {
    std::vector<fs::path> all;
    for (const Entry& entry : manifest_.chain(last)) {
        std::error_code error;
        const auto bytes = fs::file_size(file(entry), error);
        if (error)
            return fail(ErrorCode::kCorrupt, "the backup of " + file(entry).string() +
                                                 " cannot be read: " + error.message());
        if (bytes != entry.bytes)
            return fail(ErrorCode::kCorrupt,
                        file(entry).string() + " was altered: it ends at byte " +
                            std::to_string(bytes) + " instead of " + std::to_string(entry.bytes));
        all.push_back(file(entry));
    }
    return all;
}

}  // namespace kigumi::backup
