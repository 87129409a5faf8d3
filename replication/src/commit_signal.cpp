#include "kigumi/replication/commit_signal.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>

namespace kigumi::commit_signal {
namespace {

constexpr const char* kSocketName = "kigumid.wake";

/// The socket's address by way of an open directory: a socket path may have 107 bytes, a data
/// directory's path more.
struct Address {
    explicit Address(const std::filesystem::path& directory)
        : opened(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
        name.sun_family = AF_UNIX;
        std::snprintf(name.sun_path, sizeof name.sun_path, "/proc/self/fd/%d/%s", opened.get(),
                      kSocketName);
    }

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }

    files::Descriptor opened;
    sockaddr_un name{};
};

files::Descriptor make_socket() {
    return files::Descriptor(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

}  // namespace

Result<files::Descriptor> listen(const std::filesystem::path& directory) {
    const Address address(directory);
    files::Descriptor bound = make_socket();
    unlinkat(address.opened.get(), kSocketName, 0);
    if (bound.get() >= 0 && bind(bound.get(), address.get(), sizeof address.name) == 0) {
        // Who may not write to the socket cannot send to it.
        files::share(directory / kSocketName, directory);
        return bound;
    }
    return files::failed("listen for commits in", directory);
}

namespace {

constexpr char kCommitted = 0;
constexpr char kConfirmationsWanted = 1;

void send(const std::filesystem::path& directory, char what) {
    if (directory.empty()) return;
    const Address address(directory);
    const files::Descriptor from = make_socket();
    if (from.get() < 0) return;
    sendto(from.get(), &what, 1, MSG_DONTWAIT | MSG_NOSIGNAL, address.get(), sizeof address.name);
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
