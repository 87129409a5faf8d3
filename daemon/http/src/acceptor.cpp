#include "acceptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

namespace kigumi::http {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 5\r\n\r\nbusy\n";
/// When the process has no descriptor left.
constexpr int kPauseMs = 20;

bool is_whole(const std::string& request) {
    return request.starts_with("\r\n") || request.starts_with('\n') ||
           request.find("\n\r\n") != std::string::npos || request.find("\n\n") != std::string::npos;
}

void hang_up(int socket) {
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
}

/// What the system does not take at once is not sent: short answers only.
void answer_and_hang_up(int socket, std::string_view answer) {
    static_cast<void>(::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    hang_up(socket);
}

}  // namespace

Acceptor::Acceptor(int listening, Options options, Handler handler)
    : listening_(listening),
      bell_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      options_(options),
      handler_(std::move(handler)) {
    fcntl(listening_, F_SETFL, fcntl(listening_, F_GETFL) | O_NONBLOCK);
    // The HTTP library's own backlog is a handful.
    ::listen(listening_, SOMAXCONN);
}

Acceptor::~Acceptor() {
    for (const Connections* const connections : {&reading_, &ready_})
        for (const Request& connection : *connections) hang_up(connection.socket);
    ::close(bell_);
}

void Acceptor::wake() const {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(bell_, &one, sizeof one));
}

void Acceptor::stop() {
    stopping_ = true;
    wake();
}

void Acceptor::run() {
    while (!stopping_) {
        std::vector<pollfd> items{{bell_, POLLIN, 0}, {listening_, POLLIN, 0}};
        for (const Request& connection : reading_) items.push_back({connection.socket, POLLIN, 0});
        ::poll(items.data(), items.size(), wait_ms());
        std::uint64_t rings = 0;
        static_cast<void>(!::read(bell_, &rings, sizeof rings));
        auto item = items.begin() + 2;
        for (auto next = reading_.begin(); next != reading_.end(); ++item) {
            const auto it = next++;
            if (item->revents != 0 && !read(*it)) reading_.erase(it);
        }
        expire(reading_);
        expire(ready_);
        hand_over();
        if (items[1].revents != 0) accept_all();
    }
}

int Acceptor::wait_ms() const {
    if (reading_.empty() && ready_.empty()) return -1;
    auto first = Clock::time_point::max();
    for (const Connections* const connections : {&reading_, &ready_})
        for (const Request& connection : *connections) first = std::min(first, connection.deadline);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(first - Clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count() + 1, 0));
}

void Acceptor::accept_all() {
    for (std::size_t i = 0; i < options_.max_reading; ++i) {
        const int socket = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (socket < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
                ::poll(nullptr, 0, kPauseMs);
            return;
        }
        if (reading_.size() >= options_.max_reading) {
            hang_up(reading_.front().socket);
            reading_.pop_front();
        }
        reading_.push_back(
            {socket, {}, Clock::now() + std::chrono::milliseconds(options_.timeout_ms)});
        // Most requests have come by now, and then none of the others can push them out.
        if (!read(reading_.back())) reading_.pop_back();
    }
}

bool Acceptor::read(Request& connection) {
    std::array<char, 4'096> bytes{};
    for (;;) {
        const std::size_t room = options_.request_bytes - connection.bytes.size();
        const ssize_t n =
            recv(connection.socket, bytes.data(), std::min(bytes.size(), room), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
        if (n <= 0) {
            hang_up(connection.socket);
            return false;
        }
        connection.bytes.append(bytes.data(), static_cast<std::size_t>(n));
        if (is_whole(connection.bytes)) {
            got_request(connection);
            return false;
        }
        if (connection.bytes.size() >= options_.request_bytes) {
            hang_up(connection.socket);
            return false;
        }
    }
}

void Acceptor::got_request(Request& connection) {
    if (const auto answer = handler_.answer(connection.bytes))
        return answer_and_hang_up(connection.socket, *answer);
    if (ready_.size() >= options_.max_ready) return answer_and_hang_up(connection.socket, kBusy);
    ready_.push_back(std::move(connection));
    hand_over();
}

void Acceptor::expire(Connections& connections) {
    const auto now = Clock::now();
    std::erase_if(connections, [now](const Request& connection) {
        if (connection.deadline > now) return false;
        hang_up(connection.socket);
        return true;
    });
}

void Acceptor::hand_over() {
    while (!ready_.empty()) {
        if (!handler_.take(ready_.front())) return;
        ready_.pop_front();
    }
}

}  // namespace kigumi::http
