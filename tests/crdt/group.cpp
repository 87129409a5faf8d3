#include "crdt/group.hpp"

namespace kigumi {

std::ostream& operator<<(std::ostream& out, const Step& step) {
    out << '\n' << step.at << " at " << step.wall_ms << " ms ";
    switch (step.kind) {
        case Step::Kind::kWrite:
            return out << step.op;
        case Step::Kind::kJoin:
            return out << "joins " << step.from;
        default:
            return out << "joins the delta of " << step.from;
    }
}

rc::Gen<Steps> any_steps() {
    using Kind = Step::Kind;
    const auto who = rc::gen::resize(100, rc::gen::inRange(0U, Group::kReplicas));
    const auto kind = rc::gen::weightedElement<Kind>(
        {{4, Kind::kWrite}, {1, Kind::kJoin}, {1, Kind::kJoinDelta}});
    return rc::gen::container<Steps>(
        rc::gen::construct<Step>(kind, who, who, workloads::any_op(),
                                 rc::gen::inRange<std::uint64_t>(1'000'000, 1'002'000)));
}

Group::Group() {
    replicas_.reserve(kReplicas);
    for (unsigned i = 0; i < kReplicas; ++i)
        replicas_.emplace_back(replica(i + 1), [this, i] { return wall_ms_[i]; });
}

void Group::run(const Workload& workload, const Step& step) {
    wall_ms_[step.at] = step.wall_ms;
    MemoryRows& at = replicas_[step.at];
    const MemoryRows& from = replicas_[step.from];
    switch (step.kind) {
        case Step::Kind::kWrite:
            workload.apply(at, step.op);
            break;
        case Step::Kind::kJoin:
            at.join(from);
            break;
        case Step::Kind::kJoinDelta:
            at.join(from.delta(at.version()), from.version());
    }
}

void Group::run(const Workload& workload, const Steps& steps) {
    for (const Step& step : steps) run(workload, step);
}

MemoryRows joined(MemoryRows into, const MemoryRows& from) {
    into.join(from);
    return into;
}

MemoryRows joined_delta(MemoryRows into, const MemoryRows& from) {
    into.join(from.delta(into.version()), from.version());
    return into;
}

}  // namespace kigumi
