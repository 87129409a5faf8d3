#include "kigumi/replication/commit_signal.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace kigumi::commit_signal {
namespace {

constexpr const char* kSocketName = "kigumid.wake";

/// The socket's address by way of an open directory: a socket path may have 107 bytes, a data
/// directory's path more.
struct Address {
    explicit Address(const std::filesystem::path& directory)
        : fd(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
        name.sun_family = AF_UNIX;
        std::snprintf(name.sun_path, sizeof name.sun_path, "/proc/self/fd/%d/%s", fd, kSocketName);
    }
    ~Address() {
        if (fd >= 0) close(fd);
    }
    Address(const Address&) = delete;
    Address& operator=(const Address&) = delete;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }

    int fd;
    sockaddr_un name{};
};

int make_socket() { return socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

}  // namespace

Result<int> listen(const std::filesystem::path& directory) {
    const Address address(directory);
    const int fd = make_socket();
    unlinkat(address.fd, kSocketName, 0);
    if (fd >= 0 && bind(fd, address.get(), sizeof address.name) == 0) return fd;
    const std::string why = std::strerror(errno);
    if (fd >= 0) close(fd);
    return fail(ErrorCode::kIo, "cannot listen for commits in " + directory.string() + ": " + why);
}

namespace {

constexpr char kCommitted = 0;
constexpr char kConfirmationsWanted = 1;

void send(const std::filesystem::path& directory, char what) {
    if (directory.empty()) return;
    const Address address(directory);
    const int fd = make_socket();
    if (fd < 0) return;
    sendto(fd, &what, 1, MSG_DONTWAIT | MSG_NOSIGNAL, address.get(), sizeof address.name);
    close(fd);
}

}  // namespace

void send(const std::filesystem::path& directory) { send(directory, kCommitted); }

void ask_for_confirmations(const std::filesystem::path& directory) {
    send(directory, kConfirmationsWanted);
}

Heard hear(int socket) {
    Heard heard;
    for (char what = 0; recv(socket, &what, 1, MSG_DONTWAIT) >= 0;) {
        heard.anything = true;
        if (what == kConfirmationsWanted) heard.confirmations_wanted = true;
    }
    return heard;
}

}  // namespace kigumi::commit_signal
