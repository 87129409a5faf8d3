#include <map>

#include "crdt/history.hpp"

namespace kigumi {
namespace {

/// An increment or a reset, and the writes that it had seen.
struct Counted {
    bool reset;
    std::int64_t amount;
    std::set<Dot> seen;
};

/// The sum of the increments that were seen and that no seen reset had seen.
std::int64_t naive_sum(const std::map<Dot, Counted>& events, const std::set<Dot>& seen) {
    std::int64_t sum = 0;
    for (const Dot& dot : seen) {
        const Counted& event = events.at(dot);
        if (event.reset) continue;
        bool taken_back = false;
        for (const Dot& other : seen)
            taken_back =
                taken_back || (events.at(other).reset && events.at(other).seen.contains(dot));
        if (!taken_back) sum += event.amount;
    }
    return sum;
}

struct ResetOrAdd : workloads::AnyOperation {
    static void apply(MemoryRows& rows, const workloads::Op& op) {
        auto counter = rows.counter("c");
        op.what % 5 == 0 ? counter.reset().value() : counter.add(op.amount).value();
    }
    static std::int64_t read(MemoryRows& rows) { return rows.counter("c").value().value(); }
};

RC_GTEST_PROP(CounterResetLaws, ValueIsTheSumOfIncrementsThatNoResetSaw, ()) {
    const Steps steps = *any_steps();
    Replicas group;
    std::map<Dot, Counted> events;
    std::array<std::set<Dot>, kReplicas> seen;
    for (const Step& step : steps) {
        MemoryRows& rows = group[step.at];
        group.run<ResetOrAdd>(step);
        if (step.kind == Step::Kind::kWrite) {
            const Dot dot{rows.self(), rows.version()[rows.self()]};
            events[dot] = {step.op.what % 5 == 0, step.op.amount, seen[step.at]};
            seen[step.at].insert(dot);
        } else {
            seen[step.at].insert(seen[step.from].begin(), seen[step.from].end());
        }
        RC_ASSERT(ResetOrAdd::read(rows) == naive_sum(events, seen[step.at]));
    }
}

}  // namespace
}  // namespace kigumi
