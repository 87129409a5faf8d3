#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "socket_monitor.hpp"

namespace kigumi {

/// Bounds what connections can cost that the listening socket has accepted, whoever they are, and
/// what may come on those that this node has dialled.
///
/// The library bounds frames, not messages, and connections not at all: without this, a message
/// that never ends grows until memory does, and connections that say nothing use up the process's
/// descriptors. A ROUTER cannot hang up on a peer, so this does it behind its back, on the TCP
/// socket. Used by the socket's thread.
class Doorman {
  public:
    /// Before the socket is bound. `gone`: the connection of this descriptor is over.
    /// `told`: from which host, and why, a connection was hung up on for a bound that it broke.
    void watch(zmq::context_t& context, zmq::socket_t& listening, std::function<void(int)> gone,
               std::function<void(const std::string& host, const char* why)> told);

    /// This connection, which was dialled here, stands; or it is over.
    void dialled(int descriptor);
    void left(int descriptor);
    /// A whole message has come from this connection.
    void heard(int descriptor);
    /// Hangs up, if the descriptor is still the one of a connection that was accepted here.
    void hang_up(int descriptor);
    /// Takes note of connections that came and went. Before messages are taken.
    void look();
    /// Hangs up on who breaks a bound. `drained`: everything that had come was taken from the
    /// sockets, so that what is left is not whole. Returns the dialled connections among them, on
    /// which the caller has to hang up. O(connections), one system call for each, every 10 ms.
    std::vector<int> tend(std::uint64_t now_ms, bool drained);

  private:
    struct Visit {
        std::string host;
        std::string port;
        std::uint64_t since_ms = 0;
        bool dialled = false;
        bool spoke = false;       ///< a whole message has come
        bool fresh = false;       ///< one has come since the last look
        std::uint64_t bytes = 0;  ///< received when the last whole message came
    };
    void accepted(int descriptor, std::uint64_t now_ms);
    void end(int descriptor, bool dialled);
    void bound_silent();

    SocketMonitor monitor_;
    std::function<void(int)> gone_;
    std::function<void(const std::string&, const char*)> told_;
    std::map<int, Visit> visits_;  ///< by descriptor
    std::uint64_t tend_at_ms_ = 0;
};

}  // namespace kigumi
