#include "transport.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "curve.hpp"
#include "kigumi/daemon/membership.hpp"
#include "kigumi/replication/backoff.hpp"
#include "lock_test.hpp"

namespace kigumi {
namespace {

// Bounds of what one burst takes and of what waits for one peer. The protocol's own credits keep a
// well-meaning peer far below them.
constexpr int kBurst = 256;
constexpr std::size_t kBurstBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxWaitingBytes = std::size_t{8} << 20;
constexpr std::uint64_t kMaxWaitingMs = 2'000;
// What our ROUTER calls a peer that does not choose a name itself: a zero and a number.
constexpr std::size_t kRoutingIdBytes = 5;
constexpr std::uint64_t kTellEveryMs = 1'000;
// The end of a connection may be told before the last that came by it.
constexpr std::uint64_t kLastWordsMs = 50;
constexpr std::size_t kMaxRefused = 4'096;
constexpr std::uint64_t kForgetQuietMs = 60'000;
// After all keys that a dialled peer may have were refused.
constexpr std::uint64_t kRedialMinMs = 100;
constexpr std::uint64_t kRedialMaxMs = 10'000;

void configure(zmq::socket_t& socket, const std::string& endpoint) {
    namespace opt = zmq::sockopt;
    socket.set(opt::linger, 0);
    socket.set(opt::sndhwm, 64);
    // No bound: the library aborts the process if a peer hangs up while a bound holds back what it
    // has sent, and a heartbeat is due (stream_engine_base.cpp, version 4.3.4). The connection
    // limiter bounds the bytes that wait.
    socket.set(opt::rcvhwm, 0);
    socket.set(opt::maxmsgsize, std::int64_t{1} << 20);
    socket.set(opt::heartbeat_ivl, 2'000);
    socket.set(opt::heartbeat_timeout, 6'000);
    socket.set(opt::heartbeat_ttl, 6'000);
    socket.set(opt::handshake_ivl, 5'000);
    socket.set(opt::reconnect_ivl, 100);
    socket.set(opt::reconnect_ivl_max, 10'000);
    socket.set(opt::tcp_maxrt, 10'000);
    socket.set(opt::immediate, true);
    // Only where asked for: an IPv6 socket reports IPv4 addresses in a form of its own.
    socket.set(opt::ipv6, endpoint.find('[') != std::string::npos);
}

/// Whose message it is, by the key that the handshake has proved.
std::optional<PublicKey> key_of(zmq::message_t& message) {
    // Not message_t::gets, which throws where there is none.
    const char* const text = zmq_msg_gets(message.handle(), "User-Id");
    if (text == nullptr) return std::nullopt;
    auto key = PublicKey::parse(text);
    if (!key) return std::nullopt;
    return std::move(*key);
}

/// The least that a frame takes on the wire: its header, and what CURVE adds to it.
std::uint64_t wire_bytes(std::size_t body, bool encrypted) {
    const std::uint64_t inner = body + (encrypted ? 33 : 0);
    return inner + (inner > 255 ? 9 : 2);
}

}  // namespace

std::uint64_t steady_ms() {
    using namespace std::chrono;
    return static_cast<std::uint64_t>(
        duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
}

Result<void> Transport::lock(const KeyPair& own, AllowList& allowed) {
    own_ = &own;
    allowed_ = &allowed;
    try {
        zap_ = std::make_unique<ZapHandler>(context_, allowed);
    } catch (const zmq::error_t& error) {
        return fail(ErrorCode::kIo, std::string("cannot start the ZAP handler: ") + error.what());
    }
    return test_lock(context_, own, allowed);
}

Result<void> Transport::listen(const std::string& endpoint) {
    try {
        router_ = zmq::socket_t(context_, zmq::socket_type::router);
        configure(router_, endpoint);
        router_.set(zmq::sockopt::router_mandatory, true);
        router_.set(zmq::sockopt::router_handover, false);
        if (own_ != nullptr) curve::guard(router_, *own_);
        doorman_.watch(
            context_, router_, connection_limits(), [this](int descriptor) { gone(descriptor); },
            [this](const Doorman::HungUp& connection) { tell_hung_up(connection); });
        router_.bind(endpoint);
        bound_ = router_.get(zmq::sockopt::last_endpoint);
    } catch (const zmq::error_t& error) {
        return fail(ErrorCode::kIo, "cannot listen on " + endpoint + ": " + error.what() +
                                        "; choose another address with --listen");
    }
    return {};
}

ConnectionLimits Transport::connection_limits() const {
    rlimit descriptors{};
    if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return {};
    const ConnectionLimits limits = limits_within(descriptors.rlim_cur);
    if (limits != ConnectionLimits())
        handler_.note(Effects::Note::Level::kWarning, "descriptors.few",
                      "limit=" + std::to_string(descriptors.rlim_cur) +
                          " wanted=" + std::to_string(wanted_descriptors()) +
                          " accepted=" + std::to_string(limits.accepted) +
                          " of_key=" + std::to_string(limits.of_key) +
                          " reason=\"this process may open few files, so that it accepts fewer "
                          "connections; raise RLIMIT_NOFILE (LimitNOFILE= of the unit)\"");
    return limits;
}

Result<void> Transport::dial(const std::string& endpoint, bool control,
                             std::optional<PublicKey> pinned) {
    for (const auto& [known, connection] : connections_)
        if (connection.endpoint == endpoint && connection.control == control) return {};
    const LinkId id = next_link_++;
    Connection& connection = connections_[id];
    connection.endpoint = endpoint;
    connection.control = control;
    connection.pinned = std::move(pinned);
    connection.key = candidate(connection);
    try {
        connect(connection);
    } catch (const zmq::error_t& error) {
        connections_.erase(id);
        return fail(ErrorCode::kIo, "cannot connect to " + endpoint + ": " + error.what());
    }
    if (connection.dealer)
        handler_.up(id, true, endpoint, control, connection.key ? &*connection.key : nullptr);
    return {};
}

void Transport::hang_up(const std::string& endpoint, bool control) {
    for (auto it = connections_.begin(); it != connections_.end(); ++it) {
        if (it->second.endpoint != endpoint || it->second.control != control) continue;
        const LinkId id = it->first;
        close_dealer(it->second);
        connections_.erase(it);
        return handler_.down(id);
    }
}

void Transport::connect(Connection& connection) {
    close_dealer(connection);
    connection.dial_at_ms = 0;
    if (own_ != nullptr && !connection.key) {
        // Nobody is listed; that may change.
        connection.dial_at_ms = steady_ms() + kRedialMaxMs;
        return;
    }
    connection.dealer = zmq::socket_t(context_, zmq::socket_type::dealer);
    configure(connection.dealer, connection.endpoint);
    if (own_ != nullptr) curve::pin(connection.dealer, *own_, *connection.key);
    const int handshake = own_ != nullptr ? kHandshakeEvents : 0;
    connection.monitor = SocketMonitor(context_, connection.dealer, handshake | kConnectionEvents);
    connection.dealer.connect(connection.endpoint);
}

void Transport::close_dealer(Connection& connection) {
    connection.dealer.close();
    connection.monitor = {};
    doorman_.left(std::exchange(connection.descriptor, -1));
}

std::optional<PublicKey> Transport::candidate(const Connection& connection) const {
    if (own_ == nullptr) return std::nullopt;
    if (connection.pinned)
        return allowed_->allows(*connection.pinned) ? connection.pinned : std::nullopt;
    const std::vector<PublicKey> keys = allowed_->keys();
    if (keys.empty()) return std::nullopt;
    // The one that was right before goes first.
    const auto last =
        connection.key ? std::find(keys.begin(), keys.end(), *connection.key) : keys.end();
    if (last == keys.end()) return keys[connection.refusals % keys.size()];
    if (connection.key_right || connection.refusals == 0) return *last;
    return std::next(last) == keys.end() ? keys.front() : *std::next(last);
}

void Transport::tend_dialled() {
    const std::uint64_t now_ms = steady_ms();
    std::vector<LinkId> due;
    for (auto& [id, connection] : connections_) {
        if (!connection.dialled()) continue;
        while (const auto event = connection.monitor.next()) {
            if (event->what == ZMQ_EVENT_CONNECTED) {
                connection.descriptor = event->value;
                doorman_.dialled(event->value, connection.key);
            } else if (event->what == ZMQ_EVENT_DISCONNECTED) {
                doorman_.left(std::exchange(connection.descriptor, -1));
            } else if (event->what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
                connection.key_right = true;
                connection.refusals = 0;
                connection.dial_at_ms = 0;
            } else if (connection.dial_at_ms == 0) {
                handshake_failed(connection, event->what);
            }
        }
        if (connection.dial_at_ms != 0 && connection.dial_at_ms <= now_ms) due.push_back(id);
    }
    for (const LinkId id : due) redial(id);
}

void Transport::handshake_failed(Connection& connection, int what) {
    // It has proved its key, and turned ours away: no other key will be right.
    connection.key_right = what == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    ++connection.refusals;
    const bool one_key = connection.key_right || connection.pinned;
    const std::size_t keys = one_key ? 1 : std::max<std::size_t>(allowed_->keys().size(), 1);
    const std::size_t rounds = connection.refusals / keys;
    // Each listed key at once, then a pause that doubles; the library itself would go on with the
    // same key, or give up for good where ours was turned away.
    const bool round_over = connection.refusals % keys == 0;
    const std::uint64_t pause_ms =
        round_over ? std::min(kRedialMinMs << std::min<std::size_t>(rounds, 16), kRedialMaxMs)
                   : kRedialMinMs / 10;
    connection.dial_at_ms = steady_ms() + jittered(pause_ms, jitter_());
    if (!round_over || (rounds & (rounds - 1)) != 0) return;
    handler_.note(Effects::Note::Level::kWarning, "dial.refused",
                  "address=" + connection.endpoint + " tries=" + std::to_string(rounds) +
                      " reason=\"" +
                      (connection.key_right ? "the key of this node is not listed there"
                                            : "whoever is there has shown no key that is listed "
                                              "here, or hung up") +
                      '"');
}

void Transport::give_up(int descriptor) {
    const auto it = std::find_if(connections_.begin(), connections_.end(), [&](const auto& entry) {
        return entry.second.dialled() && entry.second.descriptor == descriptor;
    });
    if (it == connections_.end()) return;
    close_dealer(it->second);
    it->second.dial_at_ms = steady_ms() + kRedialMaxMs;
    handler_.down(it->first);
}

void Transport::redial(LinkId id) {
    auto entry = connections_.extract(id);
    Connection& connection = entry.mapped();
    const std::optional<PublicKey> before = std::exchange(connection.key, candidate(connection));
    const bool was_up = static_cast<bool>(connection.dealer);
    try {
        connect(connection);
    } catch (const zmq::error_t&) {
        close_dealer(connection);
        connection.dial_at_ms = steady_ms() + kRedialMaxMs;
    }
    connection.waiting.clear();
    connection.waiting_bytes = 0;
    if (was_up && connection.dealer && before == connection.key) {
        connections_.insert(std::move(entry));
        return;
    }
    if (was_up) handler_.down(id);
    const LinkId fresh = next_link_++;
    entry.key() = fresh;
    Connection& inserted = connections_.insert(std::move(entry)).position->second;
    if (inserted.dealer)
        handler_.up(fresh, true, inserted.endpoint, inserted.control,
                    inserted.key ? &*inserted.key : nullptr);
}

void Transport::drop(const std::set<PublicKey>& keys) {
    // Those without a link as well.
    doorman_.hang_up(keys);
    std::vector<LinkId> ids;
    for (const auto& [id, connection] : connections_) {
        const bool waits = connection.dialled() && !connection.dealer;
        if (waits || (connection.key && keys.contains(*connection.key))) ids.push_back(id);
    }
    for (const LinkId id : ids) {
        const auto it = connections_.find(id);
        if (it == connections_.end()) continue;
        if (!it->second.dialled()) {
            drop_accepted(id);
            continue;
        }
        // Another link, even if the key may still get in: what it may do has changed.
        if (it->second.dealer) handler_.down(id);
        close_dealer(it->second);
        it->second.refusals = 0;
        redial(id);
    }
}

void Transport::poll(const std::vector<int>& others, long timeout_ms) {
    std::vector<zmq::pollitem_t> items;
    items.push_back({router_.handle(), 0, ZMQ_POLLIN, 0});
    std::vector<LinkId> dialled;
    for (auto& [id, connection] : connections_) {
        if (!connection.dealer) continue;
        dialled.push_back(id);
        items.push_back({connection.dealer.handle(), 0, ZMQ_POLLIN, 0});
    }
    for (const int fd : others) items.push_back({nullptr, fd, ZMQ_POLLIN, 0});
    try {
        zmq::poll(items, std::chrono::milliseconds(timeout_ms));
    } catch (const zmq::error_t& error) {
        if (error.num() != EINTR) throw;
    }
    tend_dialled();
    doorman_.look();
    bool drained = (items[0].revents & ZMQ_POLLIN) == 0 || receive_accepted();
    for (std::size_t i = 0; i < dialled.size(); ++i)
        if ((items[i + 1].revents & ZMQ_POLLIN) != 0)
            drained = receive_dialled(dialled[i]) && drained;
    for (const int descriptor : doorman_.tend(steady_ms(), drained)) give_up(descriptor);
    drop_gone();
    forget_quiet();
}

Transport::Received Transport::receive(zmq::socket_t& from) const {
    Received received;
    zmq::message_t& body = received.body;
    if (!from.recv(body, zmq::recv_flags::dontwait)) return received;
    received.any = true;
    received.one_frame = !body.more();
    received.wire_bytes = wire_bytes(body.size(), own_ != nullptr);
    for (bool more = body.more(); more;) {
        zmq::message_t surplus;
        more = from.recv(surplus, zmq::recv_flags::dontwait).has_value() && surplus.more();
        received.wire_bytes += wire_bytes(surplus.size(), own_ != nullptr);
    }
    return received;
}

bool Transport::receive_accepted() {
    std::size_t bytes = 0;
    for (int i = 0; i < kBurst && bytes < kBurstBytes; ++i) {
        zmq::message_t sender;
        if (!router_.recv(sender, zmq::recv_flags::dontwait)) return true;
        const std::string routing_id = sender.to_string();
        Received received;
        if (sender.more()) received = receive(router_);
        zmq::message_t& body = received.body;
        bytes += received.wire_bytes;
        // From the body: the library loses what it knows of a message with its first frame.
        const int descriptor = zmq_msg_get(body.handle(), ZMQ_SRCFD);
        const auto key = key_of(body);
        const auto heard = doorman_.heard(descriptor, key, received.wire_bytes);
        if (heard == Doorman::Heard::kRefused || refused_.contains(routing_id)) continue;
        const LinkId id = accept(routing_id, is_control_message(body.to_string_view()), key,
                                 descriptor, heard == Doorman::Heard::kWelcome);
        if (id == 0) continue;
        if (!received.one_frame) {
            close(id);
            continue;
        }
        connections_.at(id).heard_ms = steady_ms();
        handler_.message(id, body.to_string_view());
    }
    return false;
}

bool Transport::receive_dialled(LinkId id) {
    std::size_t bytes = 0;
    for (int i = 0; i < kBurst && bytes < kBurstBytes; ++i) {
        const auto it = connections_.find(id);
        // Closed meanwhile, for what it said.
        if (it == connections_.end() || !it->second.dealer) return true;
        zmq::socket_t& dealer = it->second.dealer;
        const Received received = receive(dealer);
        if (!received.any) return true;
        bytes += received.wire_bytes;
        doorman_.heard(it->second.descriptor, it->second.key, received.wire_bytes);
        if (!received.one_frame) {
            close(id);
            return true;
        }
        handler_.message(id, received.body.to_string_view());
    }
    return false;
}

LinkId Transport::accept(const std::string& routing_id, bool control,
                         const std::optional<PublicKey>& key, int descriptor, bool stands) {
    // By now the list may no longer have it. A name that the peer has chosen could be one that was
    // another peer's a moment ago.
    const bool listed = own_ == nullptr || (key && allowed_->allows(*key));
    if (!listed || routing_id.size() != kRoutingIdBytes || routing_id[0] != '\0') {
        if (stands) doorman_.hang_up(descriptor);
        return 0;
    }
    const auto known = by_routing_id_.find(routing_id);
    if (known != by_routing_id_.end()) {
        const Connection& connection = connections_.at(known->second);
        if (connection.key == key && connection.descriptor == descriptor) return known->second;
        drop_accepted(known->second);
    }
    if (!stands) return 0;
    if (!accepting_) {
        doorman_.hang_up(descriptor);
        return 0;
    }
    const LinkId id = next_link_++;
    Connection& connection = connections_[id];
    connection.routing_id = routing_id;
    connection.control = control;
    connection.key = key;
    connection.descriptor = descriptor;
    by_routing_id_[routing_id] = id;
    handler_.up(id, false, "accepted", control, key ? &*key : nullptr);
    return id;
}

void Transport::tell_hung_up(const Doorman::HungUp& connection) {
    ++hung_up_;
    // A flood must not become one of the log.
    const std::uint64_t now_ms = steady_ms();
    if (now_ms < tell_hung_up_at_ms_) return;
    tell_hung_up_at_ms_ = now_ms + kTellEveryMs;
    handler_.note(Effects::Note::Level::kWarning, "peer.hung_up",
                  "host=" + connection.host +
                      (connection.key.empty() ? "" : " key=" + connection.key) + " reason=\"" +
                      connection.reason + "\" all_hung_up=" + std::to_string(hung_up_));
}

void Transport::gone(int descriptor) {
    for (auto& [id, connection] : connections_)
        if (!connection.dialled() && connection.descriptor == descriptor)
            connection.gone_ms = steady_ms();
}

void Transport::drop_gone() {
    const std::uint64_t now_ms = steady_ms();
    std::vector<LinkId> ids;
    for (const auto& [id, connection] : connections_)
        if (connection.gone_ms != 0 && connection.gone_ms + kLastWordsMs < now_ms)
            ids.push_back(id);
    for (const LinkId id : ids) drop_accepted(id);
}

void Transport::send(LinkId link, std::string message) {
    const auto it = connections_.find(link);
    if (it == connections_.end()) return;
    Connection& connection = it->second;
    if (!flush(connection)) return drop_accepted(link);
    if (connection.waiting.empty()) {
        const Sent sent = try_send(connection, message);
        if (sent == Sent::kGone) return drop_accepted(link);
        if (sent == Sent::kYes) return;
    }
    if (connection.waiting_bytes + message.size() > kMaxWaitingBytes) return;
    connection.waiting_bytes += message.size();
    connection.waiting.push_back({std::move(message), steady_ms()});
}

std::size_t Transport::waiting_bytes(LinkId link) const {
    const auto it = connections_.find(link);
    return it == connections_.end() ? 0 : it->second.waiting_bytes;
}

Transport::Sent Transport::try_send(Connection& connection, const std::string& message) {
    try {
        if (connection.dialled()) {
            if (!connection.dealer) return Sent::kLater;
            const auto sent =
                connection.dealer.send(zmq::buffer(message), zmq::send_flags::dontwait);
            return sent ? Sent::kYes : Sent::kLater;
        }
        const auto flags = zmq::send_flags::dontwait | zmq::send_flags::sndmore;
        if (!router_.send(zmq::buffer(connection.routing_id), flags)) return Sent::kLater;
        // Once the address was taken the body cannot be refused.
        static_cast<void>(router_.send(zmq::buffer(message), zmq::send_flags::dontwait));
        return Sent::kYes;
    } catch (const zmq::error_t&) {
        return connection.dialled() ? Sent::kLater : Sent::kGone;
    }
}

bool Transport::flush(Connection& connection) {
    const std::uint64_t now_ms = steady_ms();
    while (!connection.waiting.empty()) {
        const Waiting& first = connection.waiting.front();
        if (first.since_ms + kMaxWaitingMs >= now_ms) {
            const Sent sent = try_send(connection, first.message);
            if (sent == Sent::kGone) return false;
            if (sent == Sent::kLater) return true;
        }
        connection.waiting_bytes -= first.message.size();
        connection.waiting.pop_front();
    }
    return true;
}

void Transport::flush() {
    std::vector<LinkId> gone;
    for (auto& [id, connection] : connections_)
        if (!flush(connection)) gone.push_back(id);
    for (const LinkId id : gone) drop_accepted(id);
}

void Transport::close(LinkId link) {
    const auto it = connections_.find(link);
    if (it == connections_.end()) return;
    if (it->second.dialled()) {
        // A new connection, with a clean slate; the peer at the other end may be mended by then.
        if (!it->second.dealer) return;
        try {
            connect(it->second);
        } catch (const zmq::error_t&) {
            close_dealer(it->second);
        }
        it->second.waiting.clear();
        it->second.waiting_bytes = 0;
        return;
    }
    // What has come from it already is thrown away.
    refused_.insert(it->second.routing_id);
    refused_order_.push_back(it->second.routing_id);
    if (refused_.size() > kMaxRefused) {
        refused_.erase(refused_order_.front());
        refused_order_.pop_front();
    }
    drop_accepted(link);
}

void Transport::drop_accepted(LinkId id) {
    const auto it = connections_.find(id);
    if (it == connections_.end() || it->second.dialled()) return;
    // Otherwise the descriptor may be that of another connection by now.
    if (it->second.gone_ms == 0) doorman_.dismiss(it->second.descriptor);
    by_routing_id_.erase(it->second.routing_id);
    connections_.erase(it);
    handler_.down(id);
}

void Transport::forget_quiet() {
    const std::uint64_t now_ms = steady_ms();
    if (now_ms < quiet_check_ms_) return;
    quiet_check_ms_ = now_ms + kForgetQuietMs / 10;
    std::vector<LinkId> quiet;
    for (const auto& [id, connection] : connections_)
        if (!connection.dialled() && connection.heard_ms + kForgetQuietMs < now_ms)
            quiet.push_back(id);
    for (const LinkId id : quiet) drop_accepted(id);
}

void Transport::shut_down(int linger_ms) {
    for (auto& [id, connection] : connections_) {
        if (!connection.dealer) continue;
        connection.dealer.set(zmq::sockopt::linger, linger_ms);
        connection.dealer.close();
    }
    router_.set(zmq::sockopt::linger, linger_ms);
    router_.close();
}

}  // namespace kigumi
