#pragma once

#include <optional>
#include <zmq.hpp>

namespace kigumi {

/// What happens to the connections of a socket, in order. Used by the socket's thread.
class SocketMonitor {
  public:
    struct Event {
        int what;   ///< ZMQ_EVENT_…
        int value;  ///< a descriptor, an error or a status, as `what` has it
    };

    SocketMonitor() = default;
    /// Before the socket is bound or connects. `events` are ZMQ_EVENT_… Throws zmq::error_t.
    SocketMonitor(zmq::context_t& context, zmq::socket_t& socket, int events);

    /// The next event, if there is one by now.
    std::optional<Event> next();
    /// Waits for one, at most so long.
    std::optional<Event> wait(long timeout_ms);

  private:
    zmq::socket_t events_;
};

/// All that a dialling socket can learn of its handshake.
inline constexpr int kHandshakeEvents =
    ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
    ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

/// When its connection stands and when it is over; the value is the descriptor.
inline constexpr int kConnectionEvents = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_DISCONNECTED;

}  // namespace kigumi
