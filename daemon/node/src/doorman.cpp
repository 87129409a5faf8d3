#include "doorman.hpp"

#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "steady.hpp"

namespace kigumi {
namespace {

/// Connections that have not said anything yet, over all and from one host. A handshake takes
/// milliseconds and a greeting follows at once, so that even a whole cluster behind one address
/// stays below; the oldest goes first, since a newcomer may be somebody.
constexpr std::size_t kMaxSilent = 256;
constexpr std::size_t kMaxSilentOfHost = 64;
constexpr std::uint64_t kSilentMs = 15'000;
/// What may come before the first whole message, which is a greeting of some bytes.
constexpr std::uint64_t kMaxBeforeGreeting = std::uint64_t{64} << 10;
/// What may come without a message being whole. A message has at most 1 MiB; the rest is for those
/// that arrived while this was looking.
constexpr std::uint64_t kMaxUnfinished = std::uint64_t{16} << 20;
/// Whole messages that may wait in the socket: as many as its high-water mark says.
constexpr std::uint64_t kMaxQueued = std::uint64_t{64} << 20;
constexpr std::uint64_t kTendEveryMs = 10;

struct Ends {
    std::string host;
    std::string port;
    bool operator==(const Ends&) const = default;
};

/// Who is at the other end of a TCP connection; empty if the descriptor is of something else.
Ends peer_of(int descriptor) {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0 ||
        (name.ss_family != AF_INET && name.ss_family != AF_INET6) ||
        getnameinfo(reinterpret_cast<const sockaddr*>(&name), size, host.data(), host.size(),
                    port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return {};
    return {host.data(), port.data()};
}

std::uint64_t received_bytes(int descriptor) {
    tcp_info info{};
    socklen_t size = sizeof info;
    return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) == 0
               ? info.tcpi_bytes_received
               : 0;
}

}  // namespace

void Doorman::watch(zmq::context_t& context, zmq::socket_t& listening,
                    std::function<void(int)> gone,
                    std::function<void(const std::string&, const char*)> told) {
    gone_ = std::move(gone);
    told_ = std::move(told);
    monitor_ = SocketMonitor(context, listening, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED);
}

void Doorman::look() {
    const std::uint64_t now_ms = steady_ms();
    while (const auto event = monitor_.next()) {
        if (event->what == ZMQ_EVENT_ACCEPTED) {
            accepted(event->value, now_ms);
        } else {
            end(event->value, false);
            gone_(event->value);
        }
    }
    bound_silent();
}

void Doorman::accepted(int descriptor, std::uint64_t now_ms) {
    const Ends peer = peer_of(descriptor);
    visits_.erase(descriptor);
    // Otherwise it is gone again, and its end will be told next.
    if (!peer.host.empty()) visits_[descriptor] = {peer.host, peer.port, now_ms};
}

void Doorman::dialled(int descriptor) {
    const Ends peer = peer_of(descriptor);
    // Whoever was asked to speak may be silent, and has no greeting to begin with.
    if (!peer.host.empty()) visits_[descriptor] = {peer.host, peer.port, 0, true, true, false, 0};
}

void Doorman::left(int descriptor) { end(descriptor, true); }

void Doorman::end(int descriptor, bool dialled) {
    // The number may be that of a newer connection of the other kind by now.
    const auto it = visits_.find(descriptor);
    if (it != visits_.end() && it->second.dialled == dialled) visits_.erase(it);
}

void Doorman::heard(int descriptor) {
    const auto it = visits_.find(descriptor);
    if (it != visits_.end()) it->second.spoke = it->second.fresh = true;
}

void Doorman::hang_up(int descriptor) {
    const auto it = visits_.find(descriptor);
    if (it == visits_.end() || it->second.dialled) return;
    // The descriptor may have been given to something else by now.
    if (peer_of(descriptor) == Ends{it->second.host, it->second.port})
        shutdown(descriptor, SHUT_RDWR);
    visits_.erase(it);
}

void Doorman::bound_silent() {
    std::size_t silent = 0;
    for (const auto& [descriptor, visit] : visits_) silent += visit.spoke ? 0 : 1;
    if (silent <= kMaxSilentOfHost) return;
    std::multimap<std::uint64_t, int> by_age;
    for (const auto& [descriptor, visit] : visits_)
        if (!visit.spoke) by_age.emplace(visit.since_ms, descriptor);
    std::map<std::string, std::size_t> of_host;
    for (const auto& [since_ms, descriptor] : by_age) ++of_host[visits_.at(descriptor).host];
    for (const auto& [since_ms, descriptor] : by_age) {
        std::size_t& same = of_host[visits_.at(descriptor).host];
        if (silent <= kMaxSilent && same <= kMaxSilentOfHost) continue;
        --same;
        --silent;
        told_(visits_.at(descriptor).host, "too many connections that say nothing");
        hang_up(descriptor);
    }
}

std::vector<int> Doorman::tend(std::uint64_t now_ms, bool drained) {
    std::vector<int> dialled;
    if (now_ms < tend_at_ms_) return dialled;
    tend_at_ms_ = now_ms + kTendEveryMs;
    const std::uint64_t most = kMaxUnfinished + (drained ? 0 : kMaxQueued);
    std::vector<std::pair<int, const char*>> out;
    for (auto& [descriptor, visit] : visits_) {
        const std::uint64_t bytes = received_bytes(descriptor);
        if (std::exchange(visit.fresh, false)) visit.bytes = bytes;
        const std::uint64_t unfinished = bytes - std::min(bytes, visit.bytes);
        if (unfinished > (visit.spoke ? most : kMaxBeforeGreeting))
            out.emplace_back(descriptor, "a message without end");
        else if (!visit.spoke && visit.since_ms + kSilentMs < now_ms)
            out.emplace_back(descriptor, "it says nothing");
    }
    for (const auto& [descriptor, why] : out) {
        told_(visits_.at(descriptor).host, why);
        if (visits_.at(descriptor).dialled) {
            dialled.push_back(descriptor);
            visits_.erase(descriptor);
        } else {
            hang_up(descriptor);
        }
    }
    return dialled;
}

}  // namespace kigumi
