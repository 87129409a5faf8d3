#include "place.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include "kigumi/replication/files.hpp"

namespace kigumi::schema {
namespace {

constexpr const char* kNonceName = "store-nonce";
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

/// 0 if the kernel or the file system cannot tell.
std::uint64_t birth_of(const std::filesystem::path& file) {
    struct statx info {};
    if (statx(AT_FDCWD, file.c_str(), AT_STATX_SYNC_AS_STAT, STATX_BTIME, &info) != 0) return 0;
    if ((info.stx_mask & STATX_BTIME) == 0 || info.stx_btime.tv_sec <= 0) return 0;
    return static_cast<std::uint64_t>(info.stx_btime.tv_sec) * kNsPerSecond +
           info.stx_btime.tv_nsec;
}

}  // namespace

bool Place::same_file(const Place& noted) const {
    if (inode != noted.inode) return false;
    if (birth_ns != 0 && noted.birth_ns != 0) return birth_ns == noted.birth_ns;
    return noted.nonce.empty() || nonce == noted.nonce;
}

Place place_of(const std::filesystem::path& directory) {
    Place place;
    const auto file = directory / "data.mdb";
    struct stat info {};
    if (directory.empty() || stat(file.c_str(), &info) != 0) return place;
    place.device = info.st_dev;
    place.inode = info.st_ino;
    place.birth_ns = birth_of(file);
    if (auto nonce = files::read_text(directory / kNonceName);
        nonce && nonce->size() == Place::kNonceBytes)
        place.nonce = std::move(*nonce);
    return place;
}

Result<void> write_nonce(const std::filesystem::path& directory, const std::string& nonce) {
    KIGUMI_CHECK(files::replace_file(directory / kNonceName, nonce));
    share_nonce(directory);
    return {};
}

void share_nonce(const std::filesystem::path& directory) {
    files::share(directory / kNonceName, directory);
}

}  // namespace kigumi::schema
