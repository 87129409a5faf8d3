#include "hostile/link.hpp"

namespace kigumi::hostile {
namespace {

constexpr int kSendTimeoutMs = 200;

}  // namespace

Link::Link(zmq::context_t& context, const std::string& address, const KeyPair& own,
           const std::string& server_key, bool reconnect)
    : socket_(context, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::sndtimeo, kSendTimeoutMs);
    if (!reconnect) socket_.set(zmq::sockopt::reconnect_ivl, -1);
    socket_.set(zmq::sockopt::curve_serverkey, server_key);
    socket_.set(zmq::sockopt::curve_publickey, own.public_key().text());
    socket_.set(zmq::sockopt::curve_secretkey, own.secret());
    socket_.connect("tcp://" + address);
}

bool Link::send(std::string_view frame) {
    return socket_.send(zmq::buffer(frame), zmq::send_flags::none).has_value();
}

bool Link::send_parts(std::string_view part, int times) {
    for (int i = 1; i <= times; ++i) {
        zmq::message_t frame(
            const_cast<char*>(part.data()), part.size(), [](void*, void*) {}, nullptr);
        const auto flags = i < times ? zmq::send_flags::sndmore : zmq::send_flags::none;
        if (!socket_.send(frame, flags)) return false;
    }
    return true;
}

std::optional<std::string> Link::receive(Millis limit) {
    socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(limit.count()));
    zmq::message_t frame;
    if (!socket_.recv(frame)) return std::nullopt;
    return frame.to_string();
}

}  // namespace kigumi::hostile
