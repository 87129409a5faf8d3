#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/result.hpp"

/// What the system's calls on files do not do by themselves: close, go on after an interruption,
/// say what was wrong, and survive a power cut.
namespace kigumi::files {

/// A file descriptor that closes itself.
class KIGUMI_API Descriptor {
  public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    int get() const { return fd_; }

  private:
    int fd_;
};

/// "cannot <what> <path>: <errno>", as kIo; kFull if the disk is. If permission is missing, it says
/// who has it (`access_hint`).
KIGUMI_API tl::unexpected<Error> failed(std::string_view what, const std::filesystem::path& path);

/// Who may read a file that is created: its group, or nobody else.
inline constexpr unsigned kGroupReads = 0640;
inline constexpr unsigned kOwnerOnly = 0600;  ///< its owner alone

/// Opens a file, or creates it with `mode`, as open(2) does; not inherited by other programs.
KIGUMI_API Result<Descriptor> open(const std::filesystem::path& file, int flags,
                                   unsigned mode = kGroupReads);

/// Opens or creates a file that the accounts of a data directory share. In a directory that its
/// group may write to, the group may write to the file as well, whatever the umask is: the file
/// gets the directory's group and mode 0660, if this process owns it. Elsewhere it is `open`.
KIGUMI_API Result<Descriptor> open_shared(const std::filesystem::path& file, int flags);
/// The same for what exists already, such as a socket; `file` is not followed if it is a link.
KIGUMI_API void share(const std::filesystem::path& file, const std::filesystem::path& directory);

/// Makes a directory of this account ready to become `name`: with the group and the mode of what is
/// there; or, if nothing is and the group, but not everybody, may write beside it, the group's as
/// well. Left as it is otherwise, and where the group cannot be given.
KIGUMI_API void share_directory(const std::filesystem::path& directory,
                                const std::filesystem::path& name);

/// Whose the file is, or the nearest directory above it that can be looked at, as the end of a
/// message about missing permission. Empty if nothing can be looked at.
KIGUMI_API std::string access_hint(const std::filesystem::path& file);

/// Reads so many bytes, or fewer if the file ends; returns how many. `name` is for the error.
KIGUMI_API Result<std::size_t> read(const Descriptor& from, char* into, std::size_t size,
                                    const std::filesystem::path& name);
/// Writes all of it.
KIGUMI_API Result<void> write(const Descriptor& to, std::string_view bytes,
                              const std::filesystem::path& name);

/// Lets the system begin to write a file to disk, and forget what of it is there already: whoever
/// writes a long file and calls this now and then has little to wait for when it syncs, and does
/// not push out of memory what others read. Memory that is used again is also faster than new one.
/// A hint: where it is not understood, the sync does all of the work.
KIGUMI_API void write_behind(int fd);

/// Makes what was created, renamed or removed in a directory durable; an empty path is the present
/// one.
KIGUMI_API Result<void> sync_directory(const std::filesystem::path& directory);

/// Creates a directory and those above it that do not exist, each entry durable before this
/// returns. It is no error if the directory exists. Mode: 0777 without the umask.
KIGUMI_API Result<void> make_directories(const std::filesystem::path& directory);
/// Makes the entry of a file or directory in its parent durable. A parent that this process may
/// not open is left out.
KIGUMI_API Result<void> sync_entry(const std::filesystem::path& path);

/// A file's whole text, of at most 64 MiB. kNotFound if it does not exist.
KIGUMI_API Result<std::string> read_text(const std::filesystem::path& file);

/// Makes `file` hold `text`, durably: at any moment, a crash included, it has its old content or
/// the new one.
KIGUMI_API Result<void> replace_file(const std::filesystem::path& file, std::string_view text,
                                     unsigned mode = kGroupReads);

/// A lock on a file, held until it goes or its process does. Advisory, between processes and within
/// one.
class KIGUMI_API Lock {
  public:
    enum class Mode { kShared, kExclusive };

    /// kBusy if somebody else holds it; does not wait. Creates the file if it has to.
    static Result<Lock> take(const std::filesystem::path& file, Mode mode);

    Lock() = default;

  private:
    explicit Lock(Descriptor file) : file_(std::move(file)) {}
    Descriptor file_;
};

/// kInvalidArgument unless there is nothing in the way of a new directory of that name.
KIGUMI_API Result<void> check_vacant(const std::filesystem::path& directory);

/// A directory for a while: it goes, with all that is in it, unless it has become something.
class KIGUMI_API Scratch {
  public:
    /// Makes an empty directory whose name is `path` and something that makes it new.
    static Result<Scratch> beside(const std::filesystem::path& path);

    ~Scratch();
    Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    Scratch& operator=(Scratch&&) = delete;

    const std::filesystem::path& path() const { return path_; }
    /// Gives it its name, durably; that must not exist or be an empty directory, whose group and
    /// mode it takes over (`share_directory`).
    Result<void> become(const std::filesystem::path& name);

  private:
    explicit Scratch(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

}  // namespace kigumi::files
