#pragma once

#include <deque>
#include <map>
#include <memory>
#include <zmq.hpp>

#include "hostile/channel.hpp"
#include "kigumi/daemon/keys.hpp"

namespace kigumi::hostile {

/// The hostile peer as a server that nodes dial.
class Server {
  public:
    Server(zmq::context_t& context, const KeyPair& own);

    /// Where it listens: `127.0.0.1:PORT`.
    const std::string& address() const { return address_; }
    /// The connection that a node has dialled last and greeted on, answered as `self`. Null if
    /// there is none. It must not be used once the server is gone.
    std::unique_ptr<Channel> accept(const ReplicaId& node, const ReplicaId& self, Millis limit);

  private:
    class Session;
    struct Peer {
        ReplicaId replica;  ///< zeros until it greets
        std::deque<std::string> inbox;
    };

    /// Takes what has come; waits for something first, at most so long.
    void pump(Millis limit);
    bool send(const std::string& routing_id, std::string_view frame);
    std::optional<std::string> receive(const std::string& routing_id, Millis limit);

    zmq::socket_t socket_;
    std::string address_;
    std::map<std::string, Peer> peers_;
    std::map<ReplicaId, std::string> last_;  ///< the routing id that greeted last
};

}  // namespace kigumi::hostile
