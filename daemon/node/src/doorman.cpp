#include "doorman.hpp"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "silent_connections.hpp"
#include "steady.hpp"

namespace kigumi {
namespace {

constexpr std::uint64_t kSilentMs = 15'000;
/// What may come before the first whole message, which is a greeting of some bytes.
constexpr std::uint64_t kMaxBeforeGreeting = std::uint64_t{64} << 10;
/// What the process may hold of one key and of all together, in messages that are not whole or have
/// not been taken yet. One connection that brings whole messages stays below: of these there are at
/// most as many of 1 MiB as its high-water mark says.
constexpr std::uint64_t kMaxUnreadOfKey = std::uint64_t{20} << 20;
constexpr std::uint64_t kMaxUnread = std::uint64_t{48} << 20;
/// The handshake and heartbeats are received and never taken. What is left when all was taken, and
/// is no more than this, counts as such; once for each whole message, so that a peer can gain no
/// more by it.
constexpr std::uint64_t kMaxForgiven = std::uint64_t{128} << 10;
/// For the last message to a peer that is hung up on.
constexpr std::uint64_t kLastWordsMs = 100;
constexpr std::uint64_t kTendEveryMs = 10;

std::uint64_t received_bytes(int descriptor) {
    tcp_info info{};
    socklen_t size = sizeof info;
    return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) == 0
               ? info.tcpi_bytes_received
               : 0;
}

/// Received bytes that the system still holds.
std::uint64_t queued_bytes(int descriptor) {
    int bytes = 0;
    return ioctl(descriptor, SIOCINQ, &bytes) == 0 && bytes > 0 ? static_cast<std::uint64_t>(bytes)
                                                                : 0;
}

/// Ends a connection that is the library's. Unlike `shutdown` this throws away what the system
/// holds of it, which the library would still read, and hold as part of a message.
void abort_connection(int descriptor) {
    sockaddr nowhere{};
    nowhere.sa_family = AF_UNSPEC;
    if (connect(descriptor, &nowhere, sizeof nowhere) != 0) shutdown(descriptor, SHUT_RDWR);
}

}  // namespace

void Doorman::watch(zmq::context_t& context, zmq::socket_t& listening,
                    const ConnectionLimits& limits, std::function<void(int)> gone,
                    std::function<void(const HungUp&)> told) {
    limits_ = limits;
    gone_ = std::move(gone);
    told_ = std::move(told);
    monitor_ = SocketMonitor(context, listening, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED);
    guard_ = std::thread([this] { guard(); });
}

Doorman::~Doorman() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        ending_changed_.notify_all();
    }
    if (guard_.joinable()) guard_.join();
}

void Doorman::guard() {
    std::unique_lock lock(mutex_);
    while (!ending_changed_.wait_for(lock, std::chrono::milliseconds(kTendEveryMs),
                                     [this] { return ending_; })) {
        try {
            take_events();
            bound_silent();
            // Nothing may be taken meanwhile: whole messages may be among what is left.
            keep_limits(steady_ms(), false);
        } catch (const std::exception&) {
            // Interrupted, or out of memory: the next turn tries again.
        }
    }
}

void Doorman::look() {
    const std::lock_guard lock(mutex_);
    take_events();
    bound_silent();
    deliver();
}

void Doorman::take_events() {
    const std::uint64_t now_ms = steady_ms();
    while (const auto event = monitor_.next()) {
        if (event->what == ZMQ_EVENT_ACCEPTED) {
            accepted(event->value, now_ms);
        } else {
            end(event->value, false);
            ended_.push_back(event->value);
        }
    }
}

/// On the thread of the socket.
void Doorman::deliver() {
    for (const int descriptor : std::exchange(ended_, {})) gone_(descriptor);
    for (const HungUp& connection : std::exchange(hung_up_, {})) told_(connection);
}

void Doorman::accepted(int descriptor, std::uint64_t now_ms) {
    visits_.erase(descriptor);
    Visit visit;
    visit.from = peer_name(descriptor);
    visit.inode = socket_inode(descriptor);
    visit.since_ms = now_ms;
    // Otherwise it is gone again, and its end will be told next.
    if (!visit.from.host.empty()) visits_[descriptor] = std::move(visit);
}

void Doorman::dialled(int descriptor, const std::optional<PublicKey>& key) {
    const std::lock_guard lock(mutex_);
    Visit visit;
    visit.from = peer_name(descriptor);
    visit.inode = socket_inode(descriptor);
    visit.dialled = true;
    visit.key = key;
    // Whoever was asked to speak may be silent, and has no greeting to begin with.
    visit.spoke = true;
    if (!visit.from.host.empty()) visits_[descriptor] = std::move(visit);
}

void Doorman::left(int descriptor) {
    const std::lock_guard lock(mutex_);
    end(descriptor, true);
}

void Doorman::end(int descriptor, bool dialled) {
    // The number may be that of a newer connection of the other kind by now.
    const auto it = visits_.find(descriptor);
    if (it != visits_.end() && it->second.dialled == dialled) visits_.erase(it);
}

Doorman::Heard Doorman::heard(int descriptor, const std::optional<PublicKey>& key,
                              std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    auto it = visits_.find(descriptor);
    // It may be new since the last look.
    if (it == visits_.end()) take_events();
    // Before the descriptor's number is that of another link.
    deliver();
    it = visits_.find(descriptor);
    if (it == visits_.end()) return Heard::kOver;
    Visit& visit = it->second;
    visit.taken += bytes;
    visit.fresh = true;
    if (!visit.stands()) return Heard::kRefused;
    if (visit.dialled || (visit.spoke && visit.key == key)) return Heard::kWelcome;
    visit.spoke = true;
    visit.key = key;
    if (has_room(it)) return Heard::kWelcome;
    hung_up_.push_back({visit.from.host, key ? key->text() : "", "too many connections"});
    hang_up(it);
    return Heard::kRefused;
}

bool Doorman::has_room(const Visits::const_iterator& newcomer) const {
    std::size_t all = 0;
    std::size_t of_key = 0;
    for (auto it = visits_.begin(); it != visits_.end(); ++it) {
        const Visit& visit = it->second;
        if (it == newcomer || visit.dialled || !visit.spoke || visit.hung_up) continue;
        ++all;
        if (visit.key && visit.key == newcomer->second.key) ++of_key;
    }
    return all < limits_.accepted && of_key < limits_.of_key;
}

void Doorman::hang_up(int descriptor) {
    const std::lock_guard lock(mutex_);
    hang_up_unless_dialled(descriptor);
}

void Doorman::hang_up_unless_dialled(int descriptor) {
    const auto it = visits_.find(descriptor);
    if (it != visits_.end() && !it->second.dialled) hang_up(it);
}

void Doorman::hang_up(Visits::iterator it) {
    if (std::exchange(it->second.hung_up, true)) return;
    // The descriptor may have been given to something else by now.
    if (socket_inode(it->first) == it->second.inode) abort_connection(it->first);
}

void Doorman::dismiss(int descriptor) {
    const std::lock_guard lock(mutex_);
    // Otherwise the number may be that of another connection by now.
    if (std::find(ended_.begin(), ended_.end(), descriptor) != ended_.end()) return;
    const auto it = visits_.find(descriptor);
    if (it == visits_.end() || it->second.dialled || !it->second.stands()) return;
    it->second.end_at_ms = steady_ms() + kLastWordsMs;
}

void Doorman::hang_up(const std::set<PublicKey>& keys) {
    const std::lock_guard lock(mutex_);
    take_events();
    for (auto it = visits_.begin(); it != visits_.end(); ++it) {
        const Visit& visit = it->second;
        const bool unknown = !visit.spoke && !keys.empty();
        if (!visit.dialled && (unknown || (visit.key && keys.contains(*visit.key)))) hang_up(it);
    }
}

void Doorman::bound_silent() {
    const auto is_silent = [](const auto& entry) {
        return !entry.second.spoke && entry.second.stands();
    };
    const auto count = std::count_if(visits_.begin(), visits_.end(), is_silent);
    if (static_cast<std::size_t>(count) <= std::min(limits_.silent, limits_.silent_of_host)) return;
    std::vector<SilentConnection> silent;
    for (const auto& entry : visits_)
        if (is_silent(entry))
            silent.push_back({entry.first, entry.second.since_ms, entry.second.from});
    for (const int descriptor : surplus_of(std::move(silent), limits_)) {
        hung_up_.push_back(
            {visits_.at(descriptor).from.host, "", "too many connections that say nothing"});
        hang_up_unless_dialled(descriptor);
    }
}

std::vector<int> Doorman::tend(std::uint64_t now_ms, bool drained) {
    if (now_ms < tend_at_ms_) return {};
    tend_at_ms_ = now_ms + kTendEveryMs;
    const std::lock_guard lock(mutex_);
    keep_limits(now_ms, drained);
    deliver();
    return std::exchange(given_up_, {});
}

void Doorman::keep_limits(std::uint64_t now_ms, bool drained) {
    for (auto next = visits_.begin(); next != visits_.end();) {
        const auto it = next++;
        Visit& visit = it->second;
        measure(it, drained);
        if (visit.hung_up) {
            if (socket_inode(it->first) != visit.inode) visits_.erase(it);
        } else if (visit.end_at_ms != 0) {
            if (visit.end_at_ms <= now_ms) hang_up(it);
        } else if (!visit.spoke && visit.unread > kMaxBeforeGreeting) {
            give_up(it, "a message without end");
        } else if (!visit.spoke && visit.since_ms + kSilentMs < now_ms) {
            give_up(it, "it says nothing");
        }
    }
    bound_unread();
}

void Doorman::measure(Visits::iterator it, bool drained) {
    Visit& visit = it->second;
    const std::uint64_t received = received_bytes(it->first);
    // Never a credit for what is still to come.
    visit.taken = std::min(visit.taken, received);
    visit.unread = received - visit.taken;
    if (visit.unread > kMaxBeforeGreeting)
        visit.unread -= std::min(visit.unread, queued_bytes(it->first));
    if (!drained || !std::exchange(visit.fresh, false) || visit.unread > kMaxForgiven) return;
    visit.taken = received;
    visit.unread = 0;
}

void Doorman::bound_unread() {
    struct Account {
        std::uint64_t bytes = 0;
        std::vector<Visits::iterator> visits;
    };
    std::map<std::string, Account> accounts;
    std::uint64_t all = 0;
    for (auto it = visits_.begin(); it != visits_.end(); ++it) {
        const Visit& visit = it->second;
        if (visit.hung_up || visit.unread == 0) continue;
        // Without a key, each connection is somebody.
        Account& account = accounts[visit.key ? visit.key->text() : std::to_string(visit.inode)];
        account.bytes += visit.unread;
        account.visits.push_back(it);
        all += visit.unread;
    }
    const auto less = [](const auto& a, const auto& b) {
        return a->second.unread < b->second.unread;
    };
    while (!accounts.empty()) {
        const auto most = std::max_element(
            accounts.begin(), accounts.end(),
            [](const auto& a, const auto& b) { return a.second.bytes < b.second.bytes; });
        Account& account = most->second;
        if (account.bytes <= kMaxUnreadOfKey && all <= kMaxUnread) return;
        const auto worst = std::max_element(account.visits.begin(), account.visits.end(), less);
        const Visits::iterator visit = *worst;
        account.bytes -= visit->second.unread;
        all -= visit->second.unread;
        account.visits.erase(worst);
        if (account.visits.empty()) accounts.erase(most);
        give_up(visit, "a message without end");
    }
}

void Doorman::give_up(Visits::iterator it, const char* reason) {
    const Visit& visit = it->second;
    hung_up_.push_back({visit.from.host, visit.key ? visit.key->text() : "", reason});
    if (!visit.dialled) return hang_up(it);
    given_up_.push_back(it->first);
    visits_.erase(it);
}

}  // namespace kigumi
