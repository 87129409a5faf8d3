#pragma once

#include <array>
#include <set>

#include "crdt/workloads.hpp"

/// Three replicas and what happens to them.
namespace kigumi {

/// One step of a history: a replica writes, or joins another's state.
struct Step {
    enum class Kind { kWrite, kJoin, kJoinDelta };
    Kind kind = Kind::kWrite;
    unsigned at = 0;
    unsigned from = 0;
    workloads::Op op;
    std::uint64_t wall_ms = 0;  ///< what the replica's clock shows; it may go back
};
using Steps = std::vector<Step>;

std::ostream& operator<<(std::ostream& out, const Step& step);
rc::Gen<Steps> any_steps();

/// A workload on replicas in memory.
struct Workload {
    void (*apply)(MemoryRows&, const workloads::Op&);
    std::string (*read)(MemoryRows&);
};

template <class W>
Workload workload() {
    return {&W::template apply<MemoryRows>, &W::template read<MemoryRows>};
}

class Group {
  public:
    static constexpr unsigned kReplicas = 3;

    Group();
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

    void run(const Workload& workload, const Step& step);
    void run(const Workload& workload, const Steps& steps);
    MemoryRows& operator[](unsigned i) { return replicas_[i % kReplicas]; }
    std::vector<MemoryRows>& replicas() { return replicas_; }

  private:
    std::array<std::uint64_t, kReplicas> wall_ms_{};
    std::vector<MemoryRows> replicas_;
};

/// `into` after joining what `from` has, whole or as a delta.
MemoryRows joined(MemoryRows into, const MemoryRows& from);
MemoryRows joined_delta(MemoryRows into, const MemoryRows& from);

/// Whether two replicas hold the same state.
inline bool same(const MemoryRows& a, const MemoryRows& b) {
    return a.version() == b.version() && a.rows() == b.rows();
}

}  // namespace kigumi
