#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "hostile/link.hpp"
#include "hostile/right.hpp"
#include "hostile/server.hpp"
#include "hostile/target.hpp"
#include "hostile/valve.hpp"
#include "kigumi/replication/batch.hpp"
#include "sim/random.hpp"

namespace kigumi::hostile {

/// The holder of one listed key, at work against all targets. Used by one thread.
class Peer {
  public:
    using Clock = std::chrono::steady_clock;

    Peer(const std::filesystem::path& key_file, Right right, std::uint64_t seed);

    void aim_at(std::vector<Target> targets) { targets_ = std::move(targets); }
    /// The attack that begins now should end by then.
    void begin(Clock::time_point deadline) { deadline_ = deadline; }
    bool going_on() const { return Clock::now() < deadline_; }

    Right right() const { return right_; }
    const KeyPair& key() const { return key_; }
    Server& server() { return server_; }
    Trap& trap() { return trap_; }
    sim::Random& random() { return random_; }
    zmq::context_t& context() { return context_; }
    const std::vector<Target>& targets() const { return targets_; }
    const Target& target() { return targets_[random_.below(targets_.size())]; }

    /// One of the few replicas that it says to be in the long run.
    const ReplicaId& self() { return selves_[random_.below(selves_.size())]; }
    /// One that nobody has heard of.
    ReplicaId fresh_id();
    /// All that it has called itself.
    const std::set<ReplicaId>& ids() const { return ids_; }
    /// A bucket that it may write to. With `relay`, mostly the one where it has that right.
    std::string bucket();

    std::unique_ptr<Link> dial(const Target& target, bool reconnect = true);
    /// A connection on which it has said to be `as`: one that it dials, or sometimes one that the
    /// node has dialled. Never null.
    std::unique_ptr<Channel> greet(const Target& target, const ReplicaId& as);

    /// What no node may do has happened.
    void found(std::string what) { findings_.push_back(std::move(what)); }
    std::vector<std::string> take_findings() { return std::exchange(findings_, {}); }

  private:
    const KeyPair key_;
    const Right right_;
    sim::Random random_;
    zmq::context_t context_{1};
    Server server_;
    Trap trap_;
    std::vector<Target> targets_;
    std::vector<ReplicaId> selves_;
    std::set<ReplicaId> ids_;
    Clock::time_point deadline_;
    std::vector<std::string> findings_;
};

}  // namespace kigumi::hostile
