#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace kigumi::hostile {

/// A TCP socket on loopback that knows nothing of ZeroMQ.
class Socket {
  public:
    /// Dials `127.0.0.1:PORT`; not connected if that is refused.
    explicit Socket(std::uint16_t port);
    /// Takes over a descriptor.
    static Socket owning(int fd) { return Socket(fd, Owned()); }
    /// Listens on a port of the system's choice.
    static Socket listening();
    ~Socket();
    Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Socket& operator=(Socket&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    int fd() const { return fd_; }
    bool connected() const { return fd_ >= 0; }
    std::uint16_t port() const;
    /// False if not all of it goes out at once.
    bool send(std::string_view bytes) const;
    /// The next connection if one is waiting.
    Socket accept() const;

  private:
    struct Owned {};
    Socket(int fd, Owned) : fd_(fd) {}

    int fd_ = -1;
};

inline std::uint16_t port_of(const std::string& address) {
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

}  // namespace kigumi::hostile
