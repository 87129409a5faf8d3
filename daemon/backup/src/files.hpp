#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "kigumi/crdt/result.hpp"

/// Files that have to survive a power cut, and those of others that must not be disturbed.
namespace kigumi::backup {

/// A file's whole text, of at most 64 MiB. kNotFound if it does not exist.
Result<std::string> read_text(const std::filesystem::path& file);

/// Makes `file` hold `text`, durably: at any moment, a crash included, it has its old content or
/// the new one.
Result<void> replace_file(const std::filesystem::path& file, std::string_view text);

/// Makes what was created, renamed or removed in a directory durable.
Result<void> sync_directory(const std::filesystem::path& directory);

/// "cannot <what> <path>: <errno>", as kIo; kFull if the disk is.
tl::unexpected<Error> system_error(const std::string& what, const std::filesystem::path& path);

/// A lock on a file, held until it goes or its process does. Advisory, between processes and within
/// one.
class FileLock {
  public:
    enum class Mode { kShared, kExclusive };

    /// kBusy if somebody else holds it; does not wait. Creates the file if it has to.
    static Result<FileLock> take(const std::filesystem::path& file, Mode mode);

    FileLock() = default;
    ~FileLock();
    FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileLock& operator=(FileLock&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

  private:
    explicit FileLock(int fd) : fd_(fd) {}
    int fd_ = -1;
};

}  // namespace kigumi::backup
