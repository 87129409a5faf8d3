#pragma once

#include <poll.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "process/siege.hpp"

namespace kigumi {

/// A relay that passes on the first bytes that each client sends, keeps the rest back, and stays
/// connected: what goes through it is never whole.
class HalfRelay {
  public:
    HalfRelay(std::uint16_t target, std::size_t bytes) : target_(target), bytes_(bytes) {
        listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in name = Raw::loopback(0);
        socklen_t size = sizeof name;
        EXPECT_EQ(bind(listening_, reinterpret_cast<const sockaddr*>(&name), size), 0);
        EXPECT_EQ(listen(listening_, 256), 0);
        getsockname(listening_, reinterpret_cast<sockaddr*>(&name), &size);
        address_ = "127.0.0.1:" + std::to_string(ntohs(name.sin_port));
        thread_ = std::thread([this] { run(); });
    }
    ~HalfRelay() {
        hang_up();
        for (const Pair& pair : pairs_) close(pair.client);
        close(listening_);
    }
    HalfRelay(const HalfRelay&) = delete;
    HalfRelay& operator=(const HalfRelay&) = delete;

    /// Ends all connections.
    void hang_up() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
        for (Pair& pair : pairs_) end(pair);
    }
    const std::string& address() const { return address_; }
    std::size_t passed_on() const { return passed_on_; }

  private:
    struct Pair {
        int client;
        Raw server;
        std::size_t left;
        bool over = false;
    };

    static void end(Pair& pair) {
        pair.over = true;
        shutdown(pair.client, SHUT_RDWR);
        shutdown(pair.server.fd(), SHUT_RDWR);
    }

    void run() {
        while (!stop_) {
            std::vector<pollfd> items{{listening_, POLLIN, 0}};
            for (const Pair& pair : pairs_) {
                const bool from_client = !pair.over && pair.left > 0;
                items.push_back({from_client ? pair.client : -1, POLLIN, 0});
                items.push_back({pair.over ? -1 : pair.server.fd(), POLLIN, 0});
            }
            ::poll(items.data(), items.size(), 20);
            for (std::size_t i = 0; i < pairs_.size(); ++i) {
                Pair& pair = pairs_[i];
                if (items[2 * i + 1].revents != 0 &&
                    !forward(pair.client, pair.server.fd(), &pair.left))
                    end(pair);
                if (items[2 * i + 2].revents != 0 &&
                    !forward(pair.server.fd(), pair.client, nullptr))
                    end(pair);
            }
            if (items[0].revents != 0)
                pairs_.push_back({accept(listening_, nullptr, nullptr), Raw(target_), bytes_});
        }
    }

    bool forward(int from, int to, std::size_t* left) {
        std::array<char, 65'536> bytes{};
        const std::size_t room = left == nullptr ? bytes.size() : std::min(bytes.size(), *left);
        const ssize_t size = recv(from, bytes.data(), room, MSG_DONTWAIT);
        if (size <= 0) return false;
        if (left != nullptr) {
            *left -= static_cast<std::size_t>(size);
            passed_on_ += static_cast<std::size_t>(size);
        }
        return ::send(to, bytes.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) == size;
    }

    const std::uint16_t target_;
    const std::size_t bytes_;
    int listening_ = -1;
    std::string address_;
    std::vector<Pair> pairs_;
    std::atomic<bool> stop_{false};
    std::atomic<std::size_t> passed_on_{0};
    std::thread thread_;
};

}  // namespace kigumi
