#include "kigumi/replication/files.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "shared_files.hpp"

namespace kigumi::files {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxText = std::size_t{64} << 20;

}  // namespace

Descriptor::~Descriptor() {
    if (fd_ >= 0) close(fd_);
}

tl::unexpected<Error> failed(std::string_view what, const fs::path& path) {
    const int error = errno;
    const bool full = error == ENOSPC || error == EDQUOT;
    const bool refused = error == EACCES || error == EPERM;
    return fail(full ? ErrorCode::kFull : ErrorCode::kIo,
                "cannot " + std::string(what) + " " + path.string() + ": " + std::strerror(error) +
                    (refused ? access_hint(path) : std::string()));
}

Result<Descriptor> open(const fs::path& file, int flags, unsigned mode) {
    int fd = -1;
    do {
        fd = ::open(file.c_str(), flags | O_CLOEXEC, mode);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) return failed((flags & O_CREAT) != 0 ? "write" : "read", file);
    return Descriptor(fd);
}

Result<std::size_t> read(const Descriptor& from, char* into, std::size_t size,
                         const fs::path& name) {
    std::size_t done = 0;
    while (done < size) {
        const ssize_t got = ::read(from.get(), into + done, size - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed("read", name);
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

Result<void> write(const Descriptor& to, std::string_view bytes, const fs::path& name) {
    while (!bytes.empty()) {
        const ssize_t size = ::write(to.get(), bytes.data(), bytes.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return failed("write", name);
        bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return {};
}

void write_behind(int fd) { posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); }

Result<void> sync_directory(const fs::path& directory) {
    const fs::path path = directory.empty() ? fs::path(".") : directory;
    KIGUMI_TRY(const Descriptor opened, open(path, O_RDONLY | O_DIRECTORY));
    if (fsync(opened.get()) != 0) return failed("sync", path);
    return {};
}

Result<void> sync_entry(const fs::path& path) {
    const fs::path parent = path.parent_path();
    const fs::path opened = parent.empty() ? fs::path(".") : parent;
    if (access(opened.c_str(), R_OK) != 0 && errno == EACCES) return {};
    return sync_directory(opened);
}

Result<void> make_directories(const fs::path& directory) {
    const fs::path path = directory.lexically_normal();
    const fs::path plain = path.has_filename() ? path : path.parent_path();
    std::error_code unknown;
    if (plain.empty() || fs::exists(plain, unknown)) return {};
    KIGUMI_CHECK(make_directories(plain.parent_path()));
    if (mkdir(plain.c_str(), 0777) == 0) {
        share_new_directory(plain);
        return sync_entry(plain);
    }
    if (errno == EEXIST) return {};
    return failed("make the directory", plain);
}

Result<std::string> read_text(const fs::path& path) {
    auto file = open(path, O_RDONLY);
    std::error_code unknown;
    if (!file && !fs::exists(path, unknown) && !unknown)
        return fail(ErrorCode::kNotFound, "there is no file " + path.string());
    if (!file) return tl::unexpected<Error>(file.error());
    struct stat info {};
    if (fstat(file->get(), &info) != 0) return failed("read", path);
    if (static_cast<std::size_t>(info.st_size) > kMaxText)
        return fail(ErrorCode::kCorrupt, path.string() + " is larger than 64 MiB");
    std::string text(static_cast<std::size_t>(info.st_size), '\0');
    KIGUMI_TRY(const std::size_t got, read(*file, text.data(), text.size(), path));
    text.resize(got);
    return text;
}

Result<void> replace_file(const fs::path& path, std::string_view text, unsigned mode) {
    const fs::path fresh = path.string() + ".new";
    {
        KIGUMI_TRY(const Descriptor file, open(fresh, O_WRONLY | O_CREAT | O_TRUNC, mode));
        KIGUMI_CHECK(write(file, text, fresh));
        if (fsync(file.get()) != 0) return failed("write", fresh);
    }
    if (std::rename(fresh.c_str(), path.c_str()) != 0) return failed("replace", path);
    return sync_directory(path.parent_path());
}

Result<Lock> Lock::take(const fs::path& path, Mode mode) {
    auto file = open_shared(path, O_RDWR | O_CREAT);
    // A reader may stand before a directory that it must not write to.
    if (!file && mode == Mode::kShared) file = open(path, O_RDONLY);
    if (!file) return tl::unexpected<Error>(file.error());
    const int how = mode == Mode::kShared ? LOCK_SH : LOCK_EX;
    if (flock(file->get(), how | LOCK_NB) == 0) return Lock(std::move(*file));
    if (errno != EWOULDBLOCK) return failed("lock", path);
    return fail(ErrorCode::kBusy, "another process holds " + path.string());
}

Result<void> check_vacant(const fs::path& directory) {
    std::error_code error;
    const bool there = fs::exists(directory, error);
    if (!error && !there) return {};
    if (!error && fs::is_directory(directory, error) && fs::is_empty(directory, error) && !error)
        return {};
    return fail(ErrorCode::kInvalidArgument,
                directory.string() + " is in use; restore into a new directory");
}

Result<Scratch> Scratch::beside(const fs::path& path) {
    std::string name = path.string() + ".XXXXXX";
    if (mkdtemp(name.data()) == nullptr) return failed("make a directory beside", path);
    return Scratch(name);
}

Scratch::~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<void> Scratch::become(const fs::path& name) {
    share_directory(path_, name);
    if (std::rename(path_.c_str(), name.c_str()) != 0) return failed("make", name);
    path_.clear();
    return sync_directory(name.parent_path());
}

}  // namespace kigumi::files
