#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "process/locked.hpp"

namespace kigumi {

using std::chrono::seconds;

/// A TCP socket that knows nothing of ZeroMQ; `from` may be any address of loopback.
class Raw {
  public:
    explicit Raw(std::uint16_t port, const std::string& from = "127.0.0.1")
        : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in own = loopback(0);
        inet_pton(AF_INET, from.c_str(), &own.sin_addr);
        EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own), 0);
        const sockaddr_in name = loopback(port);
        connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
    }
    ~Raw() {
        if (fd_ >= 0) close(fd_);
    }
    Raw(Raw&& other) noexcept : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
    Raw& operator=(Raw&&) = delete;

    static sockaddr_in loopback(std::uint16_t port) {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_port = htons(port);
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return name;
    }
    int fd() const { return fd_; }
    bool connected() const { return connected_; }
    /// False once the other side has hung up.
    bool send(const std::string& bytes) const {
        return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(bytes.size());
    }
    /// Whether the other side hangs up within so long; what it says is thrown away.
    bool is_hung_up_on(seconds limit) const {
        return eventually(limit, [this] {
            std::array<char, 4'096> bytes{};
            const ssize_t size = recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
            return size == 0 || (size < 0 && errno != EAGAIN);
        });
    }

  private:
    int fd_;
    bool connected_ = false;
};

inline std::string bytes(std::initializer_list<int> values) {
    std::string text;
    for (const int value : values) text.push_back(static_cast<char>(value));
    return text;
}

/// The first 64 bytes of a ZMTP 3 connection.
inline std::string greeting(const std::string& mechanism) {
    std::string text = bytes({0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0}) + mechanism;
    text.resize(64, '\0');
    return text;
}

inline std::size_t descriptors(Site& site) {
    const std::filesystem::path all = "/proc/" + std::to_string(site.daemon().pid()) + "/fd";
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(all),
                                                  std::filesystem::directory_iterator()));
}

/// Two sites that work with each other; the first is under attack, by strangers or by a third
/// listed key.
class Siege : public LockedTest {
  protected:
    void SetUp() override {
        start_site(victim_key_, {peer_key_.text(), rogue_key_.text()});
        start_site(peer_key_, {victim_key_.text()},
                   {victim_key_.text() + "@" + victim().address()});
        victim().add("members", 1);
        expect_converged();
    }
    Site& victim() { return sites_[0]; }
    /// The two still work with each other, in both directions, and the victim has not grown.
    void expect_at_work() {
        ASSERT_TRUE(victim().daemon().running()) << victim().daemon().output();
        sites_[0].increment("count", 1);
        sites_[1].increment("count", 1);
        EXPECT_TRUE(eventually(seconds(30), [this] {
            return sites_[0].count("count") == 2 && sites_[1].count("count") == 2;
        })) << victim().daemon().output();
        EXPECT_LT(victim().peak_memory_kib(), kMaxKib);
    }

    static constexpr std::uint64_t kMaxKib = 160 << 10;
    Key& victim_key_ = make_key();
    Key& peer_key_ = make_key();
    Key& rogue_key_ = make_key();
};

}  // namespace kigumi
