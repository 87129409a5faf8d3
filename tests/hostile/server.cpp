#include "hostile/server.hpp"

namespace kigumi::hostile {
namespace {

constexpr int kSendTimeoutMs = 200;
/// Further messages of a node that nobody reads are dropped.
constexpr std::size_t kMaxInbox = 256;

}  // namespace

class Server::Session : public Channel {
  public:
    Session(Server& server, std::string routing_id)
        : server_(server), routing_id_(std::move(routing_id)) {}

    bool send(std::string_view frame) override { return server_.send(routing_id_, frame); }
    std::optional<std::string> receive(Millis limit) override {
        return server_.receive(routing_id_, limit);
    }

  private:
    Server& server_;
    const std::string routing_id_;
};

Server::Server(zmq::context_t& context, const KeyPair& own)
    : socket_(context, zmq::socket_type::router) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::sndtimeo, kSendTimeoutMs);
    socket_.set(zmq::sockopt::router_mandatory, true);
    socket_.set(zmq::sockopt::curve_server, true);
    socket_.set(zmq::sockopt::curve_secretkey, own.secret());
    socket_.bind("tcp://127.0.0.1:*");
    address_ = socket_.get(zmq::sockopt::last_endpoint).substr(6);
}

std::unique_ptr<Channel> Server::accept(const ReplicaId& node, const ReplicaId& self,
                                        Millis limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    pump(Millis(0));
    while (!last_.contains(node) && std::chrono::steady_clock::now() < end) pump(Millis(50));
    const auto last = last_.find(node);
    if (last == last_.end()) return nullptr;
    auto session = std::make_unique<Session>(*this, last->second);
    peers_[last->second].inbox.clear();
    // It forgets who has hung up.
    if (!session->Channel::send(wire::Hello{wire::kProtocolVersion, self, true})) return nullptr;
    return session;
}

void Server::pump(Millis limit) {
    socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(limit.count()));
    zmq::message_t sender;
    while (socket_.recv(sender)) {
        socket_.set(zmq::sockopt::rcvtimeo, 0);
        zmq::message_t body;
        for (bool more = sender.more(); more;) more = socket_.recv(body).has_value() && body.more();
        const std::string routing_id = sender.to_string();
        Peer& peer = peers_[routing_id];
        const auto message = wire::decode(body.to_string_view());
        if (message) {
            if (const auto* const hello = std::get_if<wire::Hello>(&*message)) {
                peer.replica = hello->replica;
                last_[hello->replica] = routing_id;
            }
        }
        if (peer.inbox.size() >= kMaxInbox) peer.inbox.pop_front();
        peer.inbox.push_back(body.to_string());
    }
}

bool Server::send(const std::string& routing_id, std::string_view frame) {
    try {
        if (!socket_.send(zmq::buffer(routing_id), zmq::send_flags::sndmore)) return false;
        return socket_.send(zmq::buffer(frame), zmq::send_flags::none).has_value();
    } catch (const zmq::error_t&) {
        // It has hung up.
        peers_.erase(routing_id);
        std::erase_if(last_, [&](const auto& entry) { return entry.second == routing_id; });
        return false;
    }
}

std::optional<std::string> Server::receive(const std::string& routing_id, Millis limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
        pump(Millis(0));
        auto& inbox = peers_[routing_id].inbox;
        if (!inbox.empty()) {
            std::string frame = std::move(inbox.front());
            inbox.pop_front();
            return frame;
        }
        if (std::chrono::steady_clock::now() >= end) return std::nullopt;
        pump(Millis(20));
    }
}

}  // namespace kigumi::hostile
