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
    /// One message of so many equal parts, which are not copied: they must outlive the process.
    /// Send it at once after dialling. The library of this side aborts if the node hangs up between
    /// the first part and the last.
    bool send_parts(std::string_view part, int times);
    std::optional<std::string> receive(Millis limit) override;

  private:
    zmq::socket_t socket_;
};

}  // namespace kigumi::hostile
