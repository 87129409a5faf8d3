#include "lock_test.hpp"

#include "curve.hpp"
#include "socket_monitor.hpp"

namespace kigumi {
namespace {

/// A busy machine may take long; a lock that works answers in a millisecond.
constexpr int kPatienceMs = 10'000;

tl::unexpected<Error> broken(const std::string& what) {
    return fail(ErrorCode::kUnsupported,
                "the test of the lock at start failed: " + what +
                    "; this node does not run, since it could not keep strangers out (is this "
                    "ZeroMQ library a usual 4.3?)");
}

/// One client with a key of its own.
struct Client {
    zmq::socket_t socket;
    SocketMonitor monitor;

    Client(zmq::context_t& context, const std::string& endpoint, const KeyPair& key,
           const PublicKey& server)
        : socket(context, zmq::socket_type::dealer) {
        socket.set(zmq::sockopt::linger, 0);
        curve::pin(socket, key, server);
        monitor = SocketMonitor(context, socket, kHandshakeEvents);
        socket.connect(endpoint);
    }
    /// How its first handshake ends.
    int outcome() {
        const auto event = monitor.wait(kPatienceMs);
        return event ? event->what : 0;
    }
};

}  // namespace

Result<void> test_lock(zmq::context_t& context, const KeyPair& own, AllowList& allowed) {
    KIGUMI_TRY(const KeyPair visitor, KeyPair::ephemeral());
    try {
        zmq::socket_t door(context, zmq::socket_type::router);
        door.set(zmq::sockopt::linger, 0);
        door.set(zmq::sockopt::rcvtimeo, kPatienceMs);
        curve::guard(door, own);
        door.bind("tcp://127.0.0.1:*");
        const std::string endpoint = door.get(zmq::sockopt::last_endpoint);
        {
            Client stranger(context, endpoint, visitor, own.public_key());
            const int outcome = stranger.outcome();
            if (outcome == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) return broken("an unlisted key got in");
            if (outcome != ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
                return broken("an unlisted key was not turned away in order");
        }
        allowed.let_in(visitor.public_key());
        Client guest(context, endpoint, visitor, own.public_key());
        const int outcome = guest.outcome();
        allowed.let_in(std::nullopt);
        if (outcome != ZMQ_EVENT_HANDSHAKE_SUCCEEDED) return broken("a listed key was refused");
        guest.socket.send(zmq::str_buffer("who am I?"), zmq::send_flags::none);
        zmq::message_t routing_id;
        zmq::message_t body;
        if (!door.recv(routing_id) || !routing_id.more() || !door.recv(body))
            return broken("no message of a listed key arrived");
        if (std::string_view(body.gets("User-Id")) != visitor.public_key().text())
            return broken("a message did not bear the key of its sender");
    } catch (const zmq::error_t& error) {
        allowed.let_in(std::nullopt);
        return broken(error.what());
    }
    return {};
}

}  // namespace kigumi
