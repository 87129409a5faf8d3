#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "connection_limits.hpp"
#include "kigumi/daemon/keys.hpp"
#include "peer_name.hpp"
#include "socket_monitor.hpp"

namespace kigumi {

/// Limits what connections can cost that the listening socket has accepted, and what may come on
/// those that this node has dialled: per key, from the first message of a connection until its
/// descriptor is gone.
///
/// The library bounds frames, not messages, and connections not at all: without this, a message
/// that never ends grows until memory does, and connections that say nothing use up the process's
/// descriptors. A ROUTER cannot hang up on a peer, so this does it on the TCP socket, without the
/// library's knowledge. Used by the socket's thread; a thread of its own keeps the limits of
/// accepted connections while that is busy, since the library goes on to receive.
class Doorman {
  public:
    /// A connection that was hung up on because it broke a limit.
    struct HungUp {
        std::string host;
        std::string key;  ///< empty if it had not said anything yet
        const char* reason;
    };
    /// What is known of the connection that a message came on.
    enum class Heard {
        kWelcome,  ///< it stands and keeps the limits
        kOver,     ///< it has ended: these are its last messages
        kRefused,  ///< it is being hung up on: nothing of it is to be heard
    };

    Doorman() = default;
    ~Doorman();
    Doorman(const Doorman&) = delete;
    Doorman& operator=(const Doorman&) = delete;

    /// Before the socket is bound. `gone`: the connection of this descriptor is over.
    void watch(zmq::context_t& context, zmq::socket_t& listening, const ConnectionLimits& limits,
               std::function<void(int)> gone, std::function<void(const HungUp&)> told);

    /// This connection, which was dialled here, stands; or it is over.
    void dialled(int descriptor, const std::optional<PublicKey>& key);
    void left(int descriptor);
    /// A whole message of `bytes` on the wire, or fewer, has come on this connection, from the
    /// holder of `key`. Hangs up if that has too many connections.
    Heard heard(int descriptor, const std::optional<PublicKey>& key, std::uint64_t bytes);
    /// Hangs up, if the descriptor is still the one of a connection that was accepted here.
    void hang_up(int descriptor);
    /// Hears nothing more, and hangs up when what was sent last had the time to go out.
    void dismiss(int descriptor);
    /// Hangs up on all accepted connections of these keys, and on those whose key is not known yet:
    /// their handshake may have passed before the keys were taken off the list.
    void hang_up(const std::set<PublicKey>& keys);
    /// Takes note of connections that came and went. Before messages are taken.
    void look();
    /// Hangs up on who breaks a limit. `drained`: everything that had come was taken from the
    /// sockets, so that what is left is not whole. Returns the dialled connections among them, on
    /// which the caller has to hang up. O(connections), one system call for each, every 10 ms.
    std::vector<int> tend(std::uint64_t now_ms, bool drained);

  private:
    struct Visit {
        PeerName from;
        std::uint64_t inode = 0;
        std::uint64_t since_ms = 0;
        bool dialled = false;
        std::optional<PublicKey> key;  ///< of its last message
        bool spoke = false;            ///< a whole message has come
        bool fresh = false;            ///< one has come since the last look
        std::uint64_t taken = 0;       ///< bytes that are not held any more
        std::uint64_t unread = 0;      ///< received and not taken, at the last look
        std::uint64_t end_at_ms = 0;   ///< when to hang up; 0: not to be
        bool hung_up = false;          ///< its descriptor is about to go
        bool stands() const { return end_at_ms == 0 && !hung_up; }
    };
    using Visits = std::map<int, Visit>;  ///< by descriptor

    void guard();
    // All that follow need the lock.
    void take_events();
    void deliver();
    void keep_limits(std::uint64_t now_ms, bool drained);
    void accepted(int descriptor, std::uint64_t now_ms);
    void end(int descriptor, bool dialled);
    void hang_up(Visits::iterator it);
    void give_up(Visits::iterator it, const char* reason);
    void hang_up_unless_dialled(int descriptor);
    bool has_room(const Visits::const_iterator& newcomer) const;
    void bound_silent();
    void measure(Visits::iterator it, bool drained);
    void bound_unread();

    ConnectionLimits limits_;
    SocketMonitor monitor_;
    std::function<void(int)> gone_;
    std::function<void(const HungUp&)> told_;
    std::uint64_t tend_at_ms_ = 0;
    std::mutex mutex_;
    Visits visits_;
    std::vector<int> ended_;       ///< `gone_` is still to be called
    std::vector<HungUp> hung_up_;  ///< `told_` is still to be called
    std::vector<int> given_up_;    ///< dialled ones, for the caller of `tend`
    std::condition_variable ending_changed_;
    bool ending_ = false;
    std::thread guard_;
};

}  // namespace kigumi
