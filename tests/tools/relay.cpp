#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <list>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

/// A TCP relay on loopback that can be cut, for tests and the demo.
///
///     relay LISTEN_PORT=TARGET_PORT...
///
/// SIGUSR1 cuts: no byte moves and nothing is accepted, but nobody is told either, like a network
/// that has died. SIGUSR2 heals: connections go on where they were. SIGTERM ends. A listening port
/// of 0 is chosen by the system; each `PORT=TARGET` is printed once it can be used.
namespace {

/// Bytes on their way in one direction; what does not fit waits in the sender's kernel.
class Pipe {
  public:
    bool has_room() const { return end_ < bytes_.size(); }
    bool empty() const { return begin_ == end_; }

    /// Both: false if the connection is over.
    bool fill_from(int fd) {
        return moved(recv(fd, bytes_.data() + end_, bytes_.size() - end_, 0), end_);
    }
    bool drain_to(int fd) {
        const bool alive =
            moved(send(fd, bytes_.data() + begin_, end_ - begin_, MSG_NOSIGNAL), begin_);
        if (empty()) begin_ = end_ = 0;
        return alive;
    }

  private:
    static bool moved(ssize_t bytes, std::size_t& position) {
        if (bytes > 0) position += static_cast<std::size_t>(bytes);
        return bytes > 0 || (bytes < 0 && (errno == EAGAIN || errno == EINTR));
    }

    std::array<char, std::size_t{64} << 10> bytes_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

struct Connection {
    std::array<int, 2> ends{};    ///< the client, the target
    std::array<Pipe, 2> pipes{};  ///< from the end of that number to the other
};

struct Listener {
    int fd;
    std::uint16_t target;
};

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int tcp_socket() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/// Listens as `LISTEN=TARGET` says, and prints what came of it.
std::optional<Listener> listen_on(std::string_view spec) {
    std::uint16_t from = 0;
    std::uint16_t to = 0;
    const char* const end = spec.data() + spec.size();
    const auto first = std::from_chars(spec.data(), end, from);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '=') return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, to);
    if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
    const int fd = tcp_socket();
    sockaddr_in address = loopback(from);
    socklen_t size = sizeof address;
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd, name, size) != 0 || listen(fd, 16) != 0) return std::nullopt;
    getsockname(fd, name, &size);
    std::printf("%d=%d\n", ntohs(address.sin_port), to);
    std::fflush(stdout);
    return Listener{fd, to};
}

void accept_one(const Listener& listener, std::list<Connection>& connections) {
    const int client = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return;
    const int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int target = tcp_socket();
    const sockaddr_in address = loopback(listener.target);
    // A refusal shows when the first bytes are to be moved.
    static_cast<void>(connect(target, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    connections.emplace_back().ends = {client, target};
}

/// Moves what can be moved; false if one end is gone.
bool move_bytes(Connection& connection, const std::array<short, 2>& ready) {
    for (const std::size_t from : {0U, 1U}) {
        const std::size_t to = 1 - from;
        Pipe& pipe = connection.pipes[from];
        const bool over = (ready[from] & (POLLIN | POLLHUP | POLLERR)) != 0 && pipe.has_room() &&
                          !pipe.fill_from(connection.ends[from]);
        if (!pipe.empty() && !pipe.drain_to(connection.ends[to])) return false;
        if (over || ((ready[from] & (POLLHUP | POLLERR)) != 0 && !pipe.has_room())) return false;
    }
    return true;
}

pollfd watch(const Connection& connection, std::size_t end) {
    const int wants_in = connection.pipes[end].has_room() ? POLLIN : 0;
    const int wants_out = connection.pipes[1 - end].empty() ? 0 : POLLOUT;
    return {connection.ends[end], static_cast<short>(wants_in | wants_out), 0};
}

void relay(int signals, const std::vector<Listener>& listeners) {
    std::list<Connection> connections;
    for (bool cut = false;;) {
        std::vector<pollfd> polled = {{signals, POLLIN, 0}};
        if (!cut) {
            for (const Listener& listener : listeners) polled.push_back({listener.fd, POLLIN, 0});
            for (const Connection& connection : connections)
                for (const std::size_t end : {0U, 1U}) polled.push_back(watch(connection, end));
        }
        if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return;
        if (polled[0].revents != 0) {
            signalfd_siginfo signal{};
            if (read(signals, &signal, sizeof signal) != sizeof signal) continue;
            if (signal.ssi_signo == SIGTERM || signal.ssi_signo == SIGINT) return;
            cut = signal.ssi_signo == SIGUSR1;
            continue;
        }
        std::size_t at = 1 + listeners.size();
        for (auto it = connections.begin(); it != connections.end(); at += 2) {
            const auto next = std::next(it);
            if (!move_bytes(*it, {polled[at].revents, polled[at + 1].revents})) {
                for (const int fd : it->ends) close(fd);
                connections.erase(it);
            }
            it = next;
        }
        for (std::size_t i = 0; i < listeners.size(); ++i)
            if (polled[1 + i].revents != 0) accept_one(listeners[i], connections);
    }
}

}  // namespace

int main(int argc, char** argv) {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGUSR1, SIGUSR2, SIGTERM, SIGINT}) sigaddset(&signals, signal);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    std::vector<Listener> listeners;
    for (int i = 1; i < argc; ++i) {
        const auto listener = listen_on(argv[i]);
        if (!listener) {
            std::fprintf(stderr, "relay: cannot serve \"%s\" (LISTEN_PORT=TARGET_PORT): %s\n",
                         argv[i], std::strerror(errno));
            return 2;
        }
        listeners.push_back(*listener);
    }
    relay(signalfd(-1, &signals, SFD_CLOEXEC), listeners);
    return 0;
}
