#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "allow_list.hpp"
#include "doorman.hpp"
#include "kigumi/replication/replicator.hpp"
#include "socket_monitor.hpp"
#include "steady.hpp"
#include "zap_handler.hpp"

namespace kigumi {

/// The sockets of a node: one ROUTER that listens and one DEALER for each peer it dials.
///
/// With a key pair and an allow list every connection is encrypted, and both ends have proved the
/// key that they hold; a connection is known by that key and by nothing that its peer can choose.
/// A dialled peer whose key was not named may have any listed one: they are tried in turn.
///
/// A message is one frame. What cannot be sent at once waits, bounded by bytes and age, and is then
/// dropped: the protocol above finds out and repeats. Used by one thread.
class Transport {
  public:
    struct Handler {
        /// `key`: who is there; null in plain text.
        std::function<void(LinkId, bool dialled, const std::string& address, bool control,
                           const PublicKey* key)>
            up;
        std::function<void(LinkId)> down;
        std::function<void(LinkId, std::string_view)> message;
        std::function<void(Effects::Note::Level, const char* event, std::string detail)> note;
    };

    explicit Transport(Handler handler) : handler_(std::move(handler)) {}

    /// Before anything else, unless all is to be in plain text: nobody gets in or is spoken to
    /// who is not listed. Tests that it is so. Both must outlive this object.
    Result<void> lock(const KeyPair& own, AllowList& allowed);
    Result<void> listen(const std::string& endpoint);
    /// `control`: a connection apart from that of replication, for the failure detector. At most
    /// one of each kind to an endpoint. What an accepted connection is for its first message tells.
    /// `pinned`: the only key that is accepted there.
    Result<void> dial(const std::string& endpoint, bool control = false,
                      std::optional<PublicKey> pinned = {});
    /// Takes back a dial.
    void hang_up(const std::string& endpoint, bool control);
    /// Closes the connections of these keys; new ones are as the list has it by now.
    void drop(const std::set<PublicKey>& keys);
    /// The endpoint that was bound.
    const std::string& bound() const { return bound_; }

    /// Waits for messages or until a descriptor of `others` is readable, at most `timeout_ms`, and
    /// hands over a burst of what came.
    void poll(const std::vector<int>& others, long timeout_ms);
    void send(LinkId link, std::string message);
    /// Hears nothing more from a peer on this connection, and ends it once what was sent last had
    /// the time to go out.
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
        std::optional<PublicKey> key;  ///< proved, or to be proved before anything is said
        std::string endpoint;          ///< of a dialled peer; empty otherwise
        std::optional<PublicKey> pinned;
        bool control = false;  ///< of the failure detector
        zmq::socket_t dealer;  ///< of a dialled peer; empty until the next try
        SocketMonitor monitor;
        bool key_right = false;        ///< it has been shown there, by the last word
        unsigned refusals = 0;         ///< handshakes that failed since one succeeded
        std::uint64_t dial_at_ms = 0;  ///< when to try again; 0: it is being tried
        std::string routing_id;        ///< of an accepted one, as our ROUTER names it
        int descriptor = -1;           ///< -1: a dialled one that does not stand
        std::uint64_t gone_ms = 0;     ///< when its connection ended; 0: it has not
        bool dialled() const { return !endpoint.empty(); }
        std::deque<Waiting> waiting;
        std::size_t waiting_bytes = 0;
        std::uint64_t heard_ms = 0;
    };
    enum class Sent { kYes, kLater, kGone };
    /// A message as it came; only its first frame is kept.
    struct Received {
        zmq::message_t body;
        bool any = false;
        bool one_frame = false;
        std::uint64_t wire_bytes = 0;  ///< of all its frames
    };

    /// As many connections as the process's descriptors allow; says so if these are few.
    ConnectionLimits connection_limits() const;
    Received receive(zmq::socket_t& from) const;
    /// Whether all that had come was taken.
    bool receive_accepted();
    bool receive_dialled(LinkId id);
    /// The link of a message; 0: it is not to be heard. `stands`: its connection has not ended.
    LinkId accept(const std::string& routing_id, bool control, const std::optional<PublicKey>& key,
                  int descriptor, bool stands);
    void gone(int descriptor);
    /// Nothing must go to a peer that has gone: its routing id may become another one's.
    void drop_gone();
    void tell_hung_up(const Doorman::HungUp& connection);
    void connect(Connection& connection);
    /// Deals with handshakes that have ended, and tries again where it is time.
    void tend_dialled();
    void handshake_failed(Connection& connection, int what);
    /// The server there has broken a bound: the link is gone, and is dialled anew much later.
    void give_up(int descriptor);
    /// Closes the socket of a dialled one.
    void close_dealer(Connection& connection);
    /// Connects anew, perhaps to the holder of another key, which makes it another link.
    void redial(LinkId id);
    /// The key to expect there after `refusals`; nothing if none is listed.
    std::optional<PublicKey> candidate(const Connection& connection) const;
    Sent try_send(Connection& connection, const std::string& message);
    bool flush(Connection& connection);
    void drop_accepted(LinkId id);
    void forget_quiet();

    Handler handler_;
    const KeyPair* own_ = nullptr;
    AllowList* allowed_ = nullptr;
    zmq::context_t context_{1};
    std::unique_ptr<ZapHandler> zap_;
    zmq::socket_t router_;
    Doorman doorman_;
    std::string bound_;
    std::map<LinkId, Connection> connections_;
    std::map<std::string, LinkId> by_routing_id_;
    std::set<std::string> refused_;
    std::list<std::string> refused_order_;
    LinkId next_link_ = 1;
    bool accepting_ = true;
    std::mt19937_64 jitter_{std::random_device{}()};
    std::uint64_t quiet_check_ms_ = 0;
    std::uint64_t hung_up_ = 0;
    std::uint64_t tell_hung_up_at_ms_ = 0;
};
}  // namespace kigumi
