#include "shared_files.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <system_error>

#include "kigumi/replication/files.hpp"

/// Files that several accounts use: which group may write to them, and what to tell an account that
/// may not.
namespace kigumi::files {

namespace fs = std::filesystem;

namespace {

constexpr mode_t kGroupWrites = 0660;
constexpr mode_t kGroupDirectory = 0770;
constexpr std::size_t kNameBytes = 4096;

fs::path directory_of(const fs::path& file) {
    const fs::path parent = file.parent_path();
    return parent.empty() ? fs::path(".") : parent;
}

std::string user_name(uid_t user) {
    std::array<char, kNameBytes> text{};
    passwd entry{};
    passwd* found = nullptr;
    getpwuid_r(user, &entry, text.data(), text.size(), &found);
    return found == nullptr ? std::to_string(user) : std::string(found->pw_name);
}

std::string group_name(gid_t group) {
    std::array<char, kNameBytes> text{};
    ::group entry{};
    ::group* found = nullptr;
    getgrgid_r(group, &entry, text.data(), text.size(), &found);
    return found == nullptr ? std::to_string(group) : std::string(found->gr_name);
}

/// Gives a directory of this account the group of another, and a mode.
void give(const fs::path& directory, const struct stat& model, mode_t mode) {
    const Descriptor opened(
        ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat own {};
    if (fstat(opened.get(), &own) != 0 || own.st_uid != geteuid()) return;
    if (own.st_gid != model.st_gid && fchown(opened.get(), own.st_uid, model.st_gid) != 0) return;
    static_cast<void>(!fchmod(opened.get(), mode));
}

/// Makes a directory the group's if the group, but not everybody, may write to its parent.
void share_below(const fs::path& directory, const fs::path& parent) {
    struct stat above {};
    if (stat(parent.c_str(), &above) != 0) return;
    if ((above.st_mode & S_IWGRP) == 0 || (above.st_mode & S_IWOTH) != 0) return;
    give(directory, above, kGroupDirectory | (above.st_mode & S_ISGID));
}

std::string mode_text(mode_t mode) {
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777U));
    return text.data();
}

}  // namespace

void share(const fs::path& file, const fs::path& directory) {
    struct stat parent {};
    struct stat own {};
    if (stat(directory.c_str(), &parent) != 0 || (parent.st_mode & S_IWGRP) == 0) return;
    // Only what this account has made here, under no other name, and the same file throughout: what
    // a member of the group puts into the directory must not open a file elsewhere to the group.
    const Descriptor opened(::open(file.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (fstat(opened.get(), &own) != 0 || own.st_uid != geteuid() || own.st_nlink != 1) return;
    if (!S_ISREG(own.st_mode) && !S_ISSOCK(own.st_mode)) return;
    const mode_t mode = own.st_mode & 07777U;
    if (own.st_gid == parent.st_gid && (mode & kGroupWrites) == kGroupWrites) return;
    // The group of the directory, not another one that this account happens to be in.
    if (own.st_gid != parent.st_gid &&
        fchownat(opened.get(), "", own.st_uid, parent.st_gid, AT_EMPTY_PATH) != 0)
        return;
    // fchmod(2) takes no O_PATH descriptor.
    const std::string name = "/proc/self/fd/" + std::to_string(opened.get());
    static_cast<void>(!chmod(name.c_str(), mode | kGroupWrites));
}

Result<Descriptor> open_shared(const fs::path& file, int flags) {
    auto opened = open(file, flags);
    if (opened) share(file, directory_of(file));
    return opened;
}

void share_directory(const fs::path& directory, const fs::path& name) {
    struct stat there {};
    if (stat(name.c_str(), &there) == 0) return give(directory, there, there.st_mode & 07777U);
    share_below(directory, directory_of(name));
}

void share_new_directory(const fs::path& directory) {
    share_below(directory, directory_of(directory));
}

std::string access_hint(const fs::path& file) {
    std::error_code unknown;
    fs::path at = fs::absolute(file, unknown);
    if (unknown) return {};
    struct stat info {};
    while (stat(at.c_str(), &info) != 0) {
        if (!at.has_relative_path()) return {};
        at = at.parent_path();
    }
    const std::string user = user_name(info.st_uid);
    const std::string group = group_name(info.st_gid);
    return "; " + at.string() + " belongs to the account " + user + " and the group " + group +
           " with mode " + mode_text(info.st_mode) + ": use that account, or one in the group " +
           group + " if the mode lets it write";
}

}  // namespace kigumi::files
