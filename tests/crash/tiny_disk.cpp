#include "crash/tiny_disk.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace kigumi {

TinyDisk::TinyDisk(std::filesystem::path at, unsigned mib) : at_(std::move(at)) {
    std::filesystem::create_directories(at_);
    const std::string size = "size=" + std::to_string(mib) + "m";
    if (unshare(CLONE_NEWNS) != 0 ||
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("kigumi-tiny-disk", at_.c_str(), "tmpfs", 0, size.c_str()) != 0)
        trouble_ = "cannot mount a tmpfs: " + std::string(std::strerror(errno)) +
                   "; run as root, in a container with CAP_SYS_ADMIN";
}

TinyDisk::~TinyDisk() {
    // Lazily: somebody may still have files there open.
    if (trouble_.empty()) umount2(at_.c_str(), MNT_DETACH);
}

void TinyDisk::leave_free(unsigned mib) const {
    const int file =
        open((at_ / "ballast").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::vector<char> page(4096);
    while (std::filesystem::space(at_).available > std::uintmax_t{mib} << 20)
        if (write(file, page.data(), page.size()) <= 0) break;
    close(file);
}

void TinyDisk::make_room() const { std::filesystem::remove(at_ / "ballast"); }

}  // namespace kigumi
