#pragma once

#include <zmq.hpp>

#include "hostile/channel.hpp"
#include "hostile/target.hpp"
#include "kigumi/daemon/keys.hpp"

namespace kigumi::hostile {

/// A CURVE connection that the hostile peer has dialled.
class Link : public Channel {
  public:
    /// `reconnect`: whether the library dials again once the node has hung up.
    Link(zmq::context_t& context, const std::string& address, const KeyPair& own,
         const std::string& server_key, bool reconnect = true);

    using Channel::send;
    bool send(std::string_view frame) override;
    /// A part of a message that has more parts.
    bool send_part(std::string_view frame);
    std::optional<std::string> receive(Millis limit) override;

  private:
    zmq::socket_t socket_;
};

}  // namespace kigumi::hostile
