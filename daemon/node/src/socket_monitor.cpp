#include "socket_monitor.hpp"

#include <atomic>
#include <cstring>
#include <string>

namespace kigumi {

SocketMonitor::SocketMonitor(zmq::context_t& context, zmq::socket_t& socket, int events) {
    static std::atomic<std::uint64_t> next_name{0};
    const std::string name = "inproc://kigumi.monitor." + std::to_string(next_name++);
    if (zmq_socket_monitor(socket.handle(), name.c_str(), events) != 0) throw zmq::error_t();
    events_ = zmq::socket_t(context, zmq::socket_type::pair);
    events_.set(zmq::sockopt::linger, 0);
    // The library's thread would wait for room, and all connections with it.
    events_.set(zmq::sockopt::rcvhwm, 0);
    events_.connect(name);
}

std::optional<SocketMonitor::Event> SocketMonitor::next() {
    if (!events_) return std::nullopt;
    zmq::message_t head;
    zmq::message_t address;
    if (!events_.recv(head, zmq::recv_flags::dontwait)) return std::nullopt;
    if (head.more()) static_cast<void>(events_.recv(address, zmq::recv_flags::dontwait));
    std::uint16_t what = 0;
    std::int32_t value = 0;
    if (head.size() != sizeof what + sizeof value) return std::nullopt;
    std::memcpy(&what, head.data(), sizeof what);
    std::memcpy(&value, head.data<char>() + sizeof what, sizeof value);
    return Event{what, value};
}

std::optional<SocketMonitor::Event> SocketMonitor::wait(long timeout_ms) {
    zmq::pollitem_t item{events_.handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, std::chrono::milliseconds(timeout_ms));
    return next();
}

}  // namespace kigumi
