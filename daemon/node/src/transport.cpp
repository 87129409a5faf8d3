#include "transport.hpp"

#include <cerrno>
#include <chrono>

#include "kigumi/daemon/membership.hpp"

namespace kigumi {
namespace {

// Bounds of what one burst takes and of what waits for one peer. The protocol's own credits keep a
// well-meaning peer far below them.
constexpr int kBurst = 256;
constexpr std::size_t kBurstBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxWaitingBytes = std::size_t{8} << 20;
constexpr std::uint64_t kMaxWaitingMs = 2'000;
constexpr std::size_t kMaxAccepted = 1'024;
constexpr std::size_t kMaxRefused = 4'096;
constexpr std::uint64_t kForgetQuietMs = 60'000;

void configure(zmq::socket_t& socket, const std::string& endpoint) {
    namespace opt = zmq::sockopt;
    socket.set(opt::linger, 0);
    socket.set(opt::sndhwm, 64);
    socket.set(opt::rcvhwm, 64);
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

}  // namespace

std::uint64_t steady_ms() {
    using namespace std::chrono;
    return static_cast<std::uint64_t>(
        duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
}

Result<void> Transport::listen(const std::string& endpoint) {
    try {
        router_ = zmq::socket_t(context_, zmq::socket_type::router);
        configure(router_, endpoint);
        router_.set(zmq::sockopt::router_mandatory, true);
        router_.set(zmq::sockopt::router_handover, false);
        router_.bind(endpoint);
        bound_ = router_.get(zmq::sockopt::last_endpoint);
    } catch (const zmq::error_t& error) {
        return fail(ErrorCode::kIo, "cannot listen on " + endpoint + ": " + error.what() +
                                        "; choose another address with --listen");
    }
    return {};
}

Result<void> Transport::dial(const std::string& endpoint, bool control) {
    for (const auto& [known, connection] : connections_)
        if (connection.endpoint == endpoint && connection.control == control) return {};
    const LinkId id = next_link_++;
    Connection& connection = connections_[id];
    connection.endpoint = endpoint;
    connection.control = control;
    try {
        connect(connection);
    } catch (const zmq::error_t& error) {
        connections_.erase(id);
        return fail(ErrorCode::kIo, "cannot connect to " + endpoint + ": " + error.what());
    }
    handler_.up(id, true, endpoint, control);
    return {};
}

void Transport::hang_up(const std::string& endpoint, bool control) {
    for (auto it = connections_.begin(); it != connections_.end(); ++it) {
        if (it->second.endpoint != endpoint || it->second.control != control) continue;
        const LinkId id = it->first;
        connections_.erase(it);
        return handler_.down(id);
    }
}

void Transport::connect(Connection& connection) {
    connection.dealer = zmq::socket_t(context_, zmq::socket_type::dealer);
    configure(connection.dealer, connection.endpoint);
    connection.dealer.connect(connection.endpoint);
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
    if ((items[0].revents & ZMQ_POLLIN) != 0) receive_accepted();
    for (std::size_t i = 0; i < dialled.size(); ++i)
        if ((items[i + 1].revents & ZMQ_POLLIN) != 0) receive_dialled(dialled[i]);
    forget_quiet();
}

void Transport::receive_accepted() {
    std::size_t bytes = 0;
    for (int i = 0; i < kBurst && bytes < kBurstBytes; ++i) {
        zmq::message_t sender;
        if (!router_.recv(sender, zmq::recv_flags::dontwait)) return;
        const std::string routing_id = sender.to_string();
        zmq::message_t body;
        bool one_frame = sender.more() && router_.recv(body, zmq::recv_flags::dontwait).has_value();
        for (bool more = one_frame ? body.more() : sender.more(); more;) {
            one_frame = false;
            zmq::message_t surplus;
            more = router_.recv(surplus, zmq::recv_flags::dontwait).has_value() && surplus.more();
        }
        bytes += body.size();
        if (refused_.contains(routing_id)) continue;
        const LinkId id = accept(routing_id, is_control_message(body.to_string_view()));
        if (id == 0) continue;
        if (!one_frame) {
            close(id);
            continue;
        }
        connections_.at(id).heard_ms = steady_ms();
        handler_.message(id, body.to_string_view());
    }
}

void Transport::receive_dialled(LinkId id) {
    std::size_t bytes = 0;
    for (int i = 0; i < kBurst && bytes < kBurstBytes; ++i) {
        const auto it = connections_.find(id);
        if (it == connections_.end()) return;
        zmq::message_t body;
        if (!it->second.dealer.recv(body, zmq::recv_flags::dontwait)) return;
        bytes += body.size();
        handler_.message(id, body.to_string_view());
    }
}

LinkId Transport::accept(const std::string& routing_id, bool control) {
    const auto known = by_routing_id_.find(routing_id);
    if (known != by_routing_id_.end()) return known->second;
    if (!accepting_ || by_routing_id_.size() >= kMaxAccepted) return 0;
    const LinkId id = next_link_++;
    connections_[id].routing_id = routing_id;
    connections_[id].control = control;
    by_routing_id_[routing_id] = id;
    handler_.up(id, false, "accepted", control);
    return id;
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
        if (connection.dealer) {
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
        return connection.dealer ? Sent::kLater : Sent::kGone;
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
    if (it->second.dealer) {
        // A new connection, with a clean slate; the peer at the other end may be mended by then.
        try {
            connect(it->second);
        } catch (const zmq::error_t&) {
            it->second.dealer.close();
        }
        it->second.waiting.clear();
        it->second.waiting_bytes = 0;
        return;
    }
    // A ROUTER cannot hang up on one peer: what comes from it is thrown away from here on.
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
    if (it == connections_.end() || it->second.dealer) return;
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
        if (!connection.dealer && connection.heard_ms + kForgetQuietMs < now_ms)
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
