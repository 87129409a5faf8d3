#pragma once

#include <cstdint>

namespace kigumi::sim {

enum class Topology { kMesh, kChain, kRing, kStar };

/// What a run is made of. A seed chooses all of it; the command line may override parts.
struct Options {
    std::uint64_t seed = 1;
    unsigned replicas = 3;
    unsigned steps = 200;
    Topology topology = Topology::kMesh;
    unsigned keys = 4;
    bool two_buckets = false;
    bool large = false;   ///< product sizes for credits and batches, instead of tiny ones
    bool proofs = false;  ///< the buckets are signed, everywhere and from the beginning
    bool overlay = true;  ///< with tiny sizes: a pull of a few rows is laid over, not joined

    // Chances in percent, per message or per step.
    unsigned loss = 0;
    unsigned duplication = 0;
    unsigned long_delay = 0;  ///< seconds to minutes instead of milliseconds
    unsigned reorder = 0;     ///< overtakes earlier messages
    unsigned replay = 0;      ///< of messages that are delivered once more after everything else
    unsigned partition = 0;
    unsigned crash = 0;
    unsigned pause = 0;
    unsigned failed_commit = 0;
    unsigned rollback = 0;
    unsigned in_place = 0;  ///< as a rollback, but the store cannot see it and keeps its identity
    unsigned clock_jump = 0;
    unsigned drift = 0;      ///< clocks run fast or slow by up to so many percent
    unsigned full_disk = 0;  ///< nothing can be committed for a while
    unsigned clone = 0;      ///< a store is replaced by a copy of another one's
    unsigned retire = 0;     ///< a member leaves and is retired; it may come back
    unsigned strangers = 0;  ///< not 0: members learn of each other only as they meet
    unsigned joiners = 0;    ///< not 0: members that start late
    unsigned forgery = 0;    ///< of messages that a relay alters; with proofs only
    unsigned tampering = 0;  ///< of messages that a node alters which may not relay; 0: it may
    unsigned requests = 25;  ///< chance that a transaction is a request, or a retry of one
    std::uint64_t request_ms = 86'400'000;  ///< how long they are remembered
    std::size_t request_rows = 65'536;      ///< and how many of each origin
    std::uint64_t audit_ms = 0;             ///< how often replicas compare their rows; 0: never
    unsigned damage = 0;          ///< after healing, so many rows are damaged in some replicas
    std::uint64_t delay_ms = 20;  ///< messages take 1 to this long
    unsigned lull = 5;            ///< chance of seconds without a write, so that rows are collected

    /// Whether collection may count on what it knows of the members. Otherwise a removal beside a
    /// value may be missing on some replicas: rule 7 in `docs/protocol.md`.
    bool members_known() const {
        return rollback == 0 && clone == 0 && retire == 0 && strangers == 0 && in_place == 0;
    }
    /// Whether heads arrive wherever events do: what tells that a peer understands them may be lost
    /// before the events are not.
    bool heads_arrive() const {
        return loss == 0 && long_delay == 0 && reorder == 0 && partition == 0 && replay == 0;
    }

    bool trace = false;
};

/// The options that a seed stands for: a swarm, so that each run has its own mixture of faults.
Options options_for(std::uint64_t seed);

}  // namespace kigumi::sim
