#include "hostile/tcp.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace kigumi::hostile {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return name;
}

}  // namespace

Socket::Socket(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in name = loopback(port);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0) {
        fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
    } else {
        close(std::exchange(fd_, -1));
    }
}

Socket Socket::listening() {
    Socket all(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), Owned());
    const sockaddr_in name = loopback(0);
    if (bind(all.fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
        listen(all.fd_, 256) != 0)
        throw std::runtime_error("cannot listen on loopback");
    return all;
}

Socket::~Socket() {
    if (fd_ >= 0) close(fd_);
}

std::uint16_t Socket::port() const {
    sockaddr_in name{};
    socklen_t size = sizeof name;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size);
    return ntohs(name.sin_port);
}

bool Socket::send(std::string_view bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
           static_cast<ssize_t>(bytes.size());
}

Socket Socket::accept() const {
    return owning(accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

}  // namespace kigumi::hostile
