#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/daemon/membership_options.hpp"
#include "kigumi/daemon/membership_status.hpp"
#include "kigumi/daemon/neighbours.hpp"
#include "kigumi/replication/status.hpp"

namespace kigumi {

/// How a node reaches others and is reached.
struct NodeOptions {
    /// Where other nodes reach this one: `HOST:PORT` (or `tcp://HOST:PORT`); the port may be `*`.
    std::string listen;
    /// Nodes to connect to, in the same form; `PUBLICKEY@` before it says which key they must have
    /// (otherwise: any listed one). One that runs is enough to find all others.
    std::vector<std::string> peers;
    /// The file of this node's key pair, as `kigumi keygen` makes it.
    std::string key_file;
    /// Who may get in, and what each may do: `PUBLICKEY[,PUBLICKEY...][=RIGHTS]`
    /// (`docs/operations/security.md`).
    std::vector<std::string> allow;
    /// Where other nodes reach this one, if that is not what it listens on: behind address
    /// translation, or when it listens on all addresses of the machine.
    std::string advertise;
    /// Links to `peers` and from whoever dials, and to nobody else: other nodes are not looked for,
    /// and there is no opinion of who is reachable.
    bool only_peers = false;
    /// Holds links to a few masters and relays nothing.
    bool leaf = false;
    MembershipOptions membership;
    NeighbourOptions neighbours;
    /// Plain text without keys, instead of `key_file`. Only loopback addresses are accepted.
    bool insecure = false;
    ReplicatorOptions replication;
    /// Receives what happens, on the node's thread; nothing is logged if empty.
    std::function<void(const Effects::Note&)> log;
};

/// The replication engine of a node on a thread of its own: what `kigumid` runs, for embedding.
///
/// It pushes what any process commits to the store, pulls what it lacks and answers others. One
/// node per data directory: a second one, in any process, is refused. The store must outlive it.
/// Thread-safe.
class KIGUMI_API Node {
  public:
    /// Binds and starts. Errors name the address or directory that cannot be used.
    static Result<std::unique_ptr<Node>> start(Store& store, NodeOptions options);
    /// Stops: says goodbye to peers and joins the thread.
    ~Node();

    /// The address that was bound, with its port.
    const std::string& address() const;
    /// How long ago the node's loop last began a turn. A healthy one turns every 20 ms; it stands
    /// still while somebody else holds the write lock, or the disk hangs.
    std::uint64_t idle_ms() const;
    /// How long the longest turn of the loop took, waiting for something to do included (20 ms at
    /// most): since the node was started, and of the last minute. The present turn counts.
    std::uint64_t longest_turn_ms() const;
    std::uint64_t longest_turn_of_minute_ms() const;
    /// Goes on with other parameters of replication, from the next turn on. `random` is kept.
    void retune(ReplicatorOptions options);
    /// Begins to take leave: no newcomers are accepted from now on. It goes on to push.
    void drain();
    /// Whether, since `drain`, every linked neighbour has confirmed all that this node held then.
    bool drained() const;
    /// What its replicator tells of itself, as of now: made on the node's thread, which reads a
    /// snapshot of each bucket for it. kBusy if the thread has not answered within `patience`: it
    /// hangs, or has a great deal to do.
    Result<ReplicatorStatus> status(
        std::chrono::milliseconds patience = std::chrono::milliseconds(1'000)) const;
    /// What it believes of other nodes and of itself; nothing with `NodeOptions::only_peers`. Made
    /// and refused as `status`.
    Result<std::optional<MembershipStatus>> membership(
        std::chrono::milliseconds patience = std::chrono::milliseconds(1'000)) const;
    /// Replaces `NodeOptions::allow`. New connections follow the list at once; those of keys that
    /// are no longer listed, or may now do other things, are closed within a moment. An error names
    /// the entry, and nothing changes.
    Result<void> set_allowed(const std::vector<std::string>& allow);

  private:
    class Loop;
    explicit Node(std::unique_ptr<Loop> loop);
    std::unique_ptr<Loop> loop_;
};

}  // namespace kigumi
