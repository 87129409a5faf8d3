#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "kigumi/replication/replicator.hpp"

namespace kigumi {

/// The sockets of a node: one ROUTER that listens and one DEALER for each peer it dials.
///
/// A message is one frame. What cannot be sent at once waits, bounded by bytes and age, and is then
/// dropped: the protocol above finds out and repeats. Used by one thread.
class Transport {
  public:
    struct Handler {
        std::function<void(LinkId, bool dialled, const std::string& address, bool control)> up;
        std::function<void(LinkId)> down;
        std::function<void(LinkId, std::string_view)> message;
    };

    explicit Transport(Handler handler) : handler_(std::move(handler)) {}

    Result<void> listen(const std::string& endpoint);
    /// `control`: a connection apart from that of replication, for the failure detector. At most
    /// one of each kind to an endpoint. What an accepted connection is for its first message tells.
    Result<void> dial(const std::string& endpoint, bool control = false);
    /// Takes back a dial.
    void hang_up(const std::string& endpoint, bool control);
    /// The endpoint that was bound.
    const std::string& bound() const { return bound_; }

    /// Waits for messages or until a descriptor of `others` is readable, at most `timeout_ms`, and
    /// hands over a burst of what came.
    void poll(const std::vector<int>& others, long timeout_ms);
    void send(LinkId link, std::string message);
    /// Hears nothing more from a peer on this connection.
    void close(LinkId link);
    /// From now on, whoever is not known yet is not heard.
    void accept_no_more() { accepting_ = false; }
    /// Bytes that wait to be sent to a peer.
    std::size_t waiting_bytes(LinkId link) const;
    /// Tries to send what waits.
    void flush();
    /// Closes the sockets; what was handed to them goes out for at most `linger_ms`.
    void shut_down(int linger_ms);

  private:
    struct Waiting {
        std::string message;
        std::uint64_t since_ms;
    };
    struct Connection {
        zmq::socket_t dealer;    ///< of a dialled peer; empty otherwise
        std::string endpoint;    ///< of a dialled peer
        bool control = false;    ///< of the failure detector
        std::string routing_id;  ///< of an accepted one, as our ROUTER names it
        std::deque<Waiting> waiting;
        std::size_t waiting_bytes = 0;
        std::uint64_t heard_ms = 0;
    };
    enum class Sent { kYes, kLater, kGone };

    void receive_accepted();
    void receive_dialled(LinkId id);
    LinkId accept(const std::string& routing_id, bool control);
    void connect(Connection& connection);
    Sent try_send(Connection& connection, const std::string& message);
    bool flush(Connection& connection);
    void drop_accepted(LinkId id);
    void forget_quiet();

    Handler handler_;
    zmq::context_t context_{1};
    zmq::socket_t router_;
    std::string bound_;
    std::map<LinkId, Connection> connections_;
    std::map<std::string, LinkId> by_routing_id_;
    std::set<std::string> refused_;
    std::list<std::string> refused_order_;
    LinkId next_link_ = 1;
    bool accepting_ = true;
    std::uint64_t quiet_check_ms_ = 0;
};

/// Milliseconds of a clock that never goes back.
std::uint64_t steady_ms();

}  // namespace kigumi
