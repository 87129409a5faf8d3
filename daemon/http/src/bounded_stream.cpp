#include "bounded_stream.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace kigumi::http {
namespace {

/// How long a server that stops may have to wait for a client.
constexpr std::chrono::milliseconds kSlice(100);

}  // namespace

bool BoundedStream::wait_for(short events) const {
    while (!stopping_) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
        if (left.count() <= 0) return false;
        pollfd item{socket_, events, 0};
        const int ready = poll(&item, 1, static_cast<int>(std::min(left, kSlice).count()));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
    return false;
}

bool BoundedStream::is_readable() const {
    return given_ < received_.size() || (left_ > 0 && wait_for(POLLIN));
}
bool BoundedStream::is_writable() const { return wait_for(POLLOUT); }

ssize_t BoundedStream::read(char* ptr, size_t size) {
    if (given_ < received_.size()) {
        const std::size_t n = received_.copy(ptr, size, given_);
        given_ += n;
        return static_cast<ssize_t>(n);
    }
    if (!is_readable()) return -1;
    const ssize_t n = recv(socket_, ptr, std::min(size, left_), MSG_DONTWAIT);
    if (n > 0) left_ -= static_cast<std::size_t>(n);
    return n;
}

ssize_t BoundedStream::write(const char* ptr, size_t size) {
    if (!is_writable()) return -1;
    return send(socket_, ptr, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// Nobody asks who is there.
void BoundedStream::get_remote_ip_and_port(std::string& ip, int& port) const {
    ip.clear();
    port = 0;
}
void BoundedStream::get_local_ip_and_port(std::string& ip, int& port) const {
    ip.clear();
    port = 0;
}

}  // namespace kigumi::http
