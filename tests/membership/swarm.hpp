#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "kigumi/daemon/membership.hpp"
#include "sim/random.hpp"

namespace kigumi::sim {

/// What befalls a node that is stalled.
enum class Stall {
    kFrozen,  ///< nothing runs, as under SIGSTOP; what came meanwhile is there when it resumes
    kDeaf,  ///< its clocks run on, but nothing comes or goes until it resumes (Lifeguard's setting)
};

struct SwarmOptions {
    std::uint64_t seed = 1;
    std::size_t nodes = 3;
    unsigned loss_percent = 0;
    std::uint64_t delay_min_ms = 0;
    std::uint64_t delay_max_ms = 2;
    MembershipOptions membership;  ///< `random` is set by the swarm
};

/// Many failure detectors in one thread and virtual time. Nodes are numbered from 0; a node that
/// was killed and starts again is the same replica at the same address.
class Swarm {
  public:
    /// A node's opinion of another has changed.
    struct Event {
        std::uint64_t at_ms;
        std::size_t observer;
        std::size_t subject;
        membership::Liveness liveness;
    };

    explicit Swarm(SwarmOptions options);

    /// Starts a node that is told of one seed, or of nobody (itself). Its incarnation is the
    /// present time, or what is given.
    void start(std::size_t node, std::size_t seed, std::uint64_t incarnation = 0);
    /// Starts all, each with node 0 as its seed, and runs until all know each other.
    bool start_all(std::uint64_t limit_ms = 60'000);
    void kill(std::size_t node);
    void leave(std::size_t node);
    void stall(std::size_t node, std::uint64_t until_ms, Stall kind);
    /// Nodes of different groups do not hear each other.
    void divide(const std::vector<unsigned>& groups) { groups_ = groups; }
    void heal() { groups_.clear(); }
    /// Traffic other than probes came from a node.
    void hear(std::size_t observer, std::size_t subject);

    void run_until(std::uint64_t at_ms);
    void run(std::uint64_t ms) { run_until(now_ms_ + ms); }
    /// Runs until `done` holds, looking every 10 ms; false if it never did.
    template <class Condition>
    bool run_while_not(std::uint64_t limit_ms, Condition done) {
        for (const std::uint64_t end = now_ms_ + limit_ms; now_ms_ < end;) {
            if (done()) return true;
            run(10);
        }
        return done();
    }

    std::uint64_t now_ms() const { return now_ms_; }
    std::optional<membership::Liveness> opinion(std::size_t observer, std::size_t subject) const;
    const Membership& node(std::size_t index) const { return *nodes_[index].membership; }
    /// Every running node believes every running node to be alive.
    bool all_alive() const;
    /// Every running node but the subject believes this of it.
    bool agreed(std::size_t subject, membership::Liveness liveness) const;
    const std::vector<Event>& events() const { return events_; }
    std::uint64_t messages() const { return messages_; }
    std::uint64_t bytes() const { return bytes_; }
    static ReplicaId replica(std::size_t node);

  private:
    struct Node {
        std::unique_ptr<Membership> membership;
        std::uint64_t life = 0;
        std::uint64_t stalled_until_ms = 0;
        Stall stall = Stall::kFrozen;
        std::vector<std::string> inbox;         ///< what came while it was stalled
        std::vector<Membership::Send> outbox;   ///< what a deaf one wanted to send
        std::uint64_t tick_at_ms = UINT64_MAX;  ///< the tick that is scheduled
        std::vector<std::optional<membership::Liveness>> opinions;
    };
    enum class What { kMessage, kTick, kResume };
    struct Step {
        std::uint64_t at_ms;
        std::uint64_t order;
        What what;
        std::size_t node;
        std::uint64_t life;
        std::string message;
        bool operator<(const Step& other) const {
            return at_ms != other.at_ms ? at_ms > other.at_ms : order > other.order;
        }
    };

    void push(std::uint64_t at_ms, What what, std::size_t node, std::string message = {});
    void take(Step& step);
    void resume(std::size_t node);
    void collect(std::size_t node);
    void transmit(std::size_t from, const Membership::Send& send);
    bool stalled(std::size_t node) const { return nodes_[node].stalled_until_ms > now_ms_; }
    static std::optional<std::size_t> index_of(const std::string& address);

    SwarmOptions options_;
    Random random_;
    std::uint64_t now_ms_ = 1'000;
    std::uint64_t order_ = 0;
    std::vector<Node> nodes_;
    std::vector<unsigned> groups_;
    std::priority_queue<Step> steps_;
    std::vector<Event> events_;
    std::uint64_t messages_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace kigumi::sim
