#include "hostile/valve.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

namespace kigumi::hostile {
namespace {

constexpr std::size_t kPart = 65'536;
constexpr int kPollMs = 10;

/// Sends all of it, if that takes a moment only.
bool send_all(int fd, const char* bytes, std::size_t size) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    while (size > 0) {
        const ssize_t sent = ::send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            bytes += sent;
            size -= static_cast<std::size_t>(sent);
            continue;
        }
        if (errno != EAGAIN || std::chrono::steady_clock::now() > end) return false;
        pollfd item{fd, POLLOUT, 0};
        poll(&item, 1, kPollMs);
    }
    return true;
}

}  // namespace

Valve::Valve(std::uint16_t target, std::size_t bytes_of_each)
    : target_(target), bytes_of_each_(bytes_of_each), thread_([this] { run(); }) {}

Valve::~Valve() {
    stop_ = true;
    thread_.join();
}

void Valve::run() {
    while (!stop_) {
        std::vector<pollfd> items{{listening_.fd(), POLLIN, 0}};
        for (const Pair& pair : pairs_) {
            // One that is full is not read, or this would turn without rest.
            const short wanted = pair.passed < bytes_of_each_ ? POLLIN : 0;
            items.push_back({pair.client.fd(), wanted, 0});
            items.push_back({pair.node.fd(), POLLIN, 0});
        }
        if (poll(items.data(), items.size(), kPollMs) <= 0) continue;
        std::vector<Pair> left;
        for (std::size_t i = 0; i < pairs_.size(); ++i)
            if (pass(pairs_[i], items[2 * i + 1].revents, items[2 * i + 2].revents))
                left.push_back(std::move(pairs_[i]));
        pairs_ = std::move(left);
        if (Socket client = listening_.accept(); client.connected()) {
            Socket node(target_);
            if (node.connected()) pairs_.push_back({std::move(client), std::move(node)});
        }
    }
}

bool Valve::pass(Pair& pair, short client_events, short node_events) const {
    std::array<char, kPart> bytes{};
    if (client_events != 0) {
        const std::size_t room = std::min(bytes.size(), bytes_of_each_ - pair.passed);
        // One that is full is only told when it is hung up on.
        if (room == 0) return false;
        const ssize_t size = recv(pair.client.fd(), bytes.data(), room, MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno != EAGAIN)) return false;
        if (size > 0) {
            if (!send_all(pair.node.fd(), bytes.data(), static_cast<std::size_t>(size)))
                return false;
            pair.passed += static_cast<std::size_t>(size);
        }
    }
    if (node_events != 0) {
        const ssize_t size = recv(pair.node.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno != EAGAIN)) return false;
        if (size > 0 && !send_all(pair.client.fd(), bytes.data(), static_cast<std::size_t>(size)))
            return false;
    }
    return true;
}

std::size_t Trap::dialled() {
    while (listening_.accept().connected()) ++dialled_;
    return dialled_;
}

}  // namespace kigumi::hostile
