#include "files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace kigumi::backup {
namespace {

constexpr std::size_t kMaxText = std::size_t{64} << 20;

/// A descriptor that closes itself.
class File {
  public:
    File(const std::filesystem::path& path, int flags) {
        do {
            fd_ = open(path.c_str(), flags | O_CLOEXEC, 0640);
        } while (fd_ < 0 && errno == EINTR);
    }
    ~File() {
        if (fd_ >= 0) close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int fd() const { return fd_; }

  private:
    int fd_;
};

/// As read(2), but full unless the file ends; negative on an error.
ssize_t read_full(int fd, char* into, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
        const ssize_t n = read(fd, into + done, size - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return n;
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    return static_cast<ssize_t>(done);
}

bool write_full(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

}  // namespace

tl::unexpected<Error> system_error(const std::string& what, const std::filesystem::path& path) {
    const int error = errno;
    const bool full = error == ENOSPC || error == EDQUOT;
    return fail(full ? ErrorCode::kFull : ErrorCode::kIo,
                "cannot " + what + " " + path.string() + ": " + std::strerror(error));
}

Result<std::string> read_text(const std::filesystem::path& path) {
    const File file(path, O_RDONLY);
    if (file.fd() < 0 && errno == ENOENT)
        return fail(ErrorCode::kNotFound, "there is no file " + path.string());
    if (file.fd() < 0) return system_error("open", path);
    struct stat info {};
    if (fstat(file.fd(), &info) != 0) return system_error("read", path);
    if (static_cast<std::size_t>(info.st_size) > kMaxText)
        return fail(ErrorCode::kCorrupt, path.string() + " is larger than 64 MiB");
    std::string text(static_cast<std::size_t>(info.st_size), '\0');
    const ssize_t n = read_full(file.fd(), text.data(), text.size());
    if (n < 0) return system_error("read", path);
    text.resize(static_cast<std::size_t>(n));
    return text;
}

Result<void> replace_file(const std::filesystem::path& path, std::string_view text) {
    const std::filesystem::path fresh = path.string() + ".new";
    {
        const File file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
        if (file.fd() < 0) return system_error("create", fresh);
        if (!write_full(file.fd(), text) || fsync(file.fd()) != 0)
            return system_error("write", fresh);
    }
    if (rename(fresh.c_str(), path.c_str()) != 0) return system_error("replace", path);
    return sync_directory(path.parent_path());
}

Result<void> sync_directory(const std::filesystem::path& directory) {
    const File file(directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY);
    if (file.fd() < 0) return system_error("open", directory);
    if (fsync(file.fd()) != 0) return system_error("sync", directory);
    return {};
}

FileLock::~FileLock() {
    if (fd_ >= 0) close(fd_);
}

Result<FileLock> FileLock::take(const std::filesystem::path& path, Mode mode) {
    int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    // A reader may stand before a target that it must not write to.
    if (fd < 0 && mode == Mode::kShared) fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return system_error("open", path);
    FileLock lock(fd);
    if (flock(fd, (mode == Mode::kShared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK) return system_error("lock", path);
    return fail(ErrorCode::kBusy, "another process holds " + path.string());
}

}  // namespace kigumi::backup
