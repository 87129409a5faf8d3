#include "http/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace kigumi::http {

RawClient::RawClient(const std::string& address)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto colon = address.rfind(':');
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
    inet_pton(AF_INET, address.substr(0, colon).c_str(), &name.sin_addr);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
        close(fd_);
        fd_ = -1;
    }
}

RawClient::~RawClient() {
    if (fd_ >= 0) close(fd_);
}

bool RawClient::send(const std::string& bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
}

std::string RawClient::receive_all(std::chrono::milliseconds limit, bool* hung_up) const {
    const auto end = std::chrono::steady_clock::now() + limit;
    std::string text;
    if (hung_up != nullptr) *hung_up = false;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        pollfd item{fd_, POLLIN, 0};
        if (left.count() <= 0 || poll(&item, 1, static_cast<int>(left.count())) <= 0) return text;
        std::array<char, 4096> bytes{};
        const ssize_t n = recv(fd_, bytes.data(), bytes.size(), 0);
        if (n <= 0) {
            if (hung_up != nullptr) *hung_up = true;
            return text;
        }
        text.append(bytes.data(), static_cast<std::size_t>(n));
    }
}

std::string get(const std::string& address, const std::string& path,
                std::chrono::milliseconds limit) {
    const RawClient client(address);
    if (!client.connected()) return "";
    client.send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n");
    return client.receive_all(limit);
}

}  // namespace kigumi::http
