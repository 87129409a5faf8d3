#include "crdt/laws.hpp"

#include "crdt/history.hpp"
#include "kigumi/replication/batch.hpp"

namespace kigumi::laws {
namespace {

void run_any(Group& group, const Workload& workload) { group.run(workload, *any_steps()); }

}  // namespace

void join_is_commutative(const Workload& workload) {
    Group group;
    run_any(group, workload);
    RC_CLASSIFY(group[0].version().concurrent(group[1].version()));
    RC_ASSERT(same(joined(group[0], group[1]), joined(group[1], group[0])));
}

void join_is_associative(const Workload& workload) {
    Group group;
    run_any(group, workload);
    RC_ASSERT(same(joined(joined(group[0], group[1]), group[2]),
                   joined(group[0], joined(group[1], group[2]))));
}

void join_is_idempotent(const Workload& workload) {
    Group group;
    run_any(group, workload);
    RC_ASSERT(same(joined(group[0], group[0]), group[0]));
    const MemoryRows both = joined(group[0], group[1]);
    RC_ASSERT(same(joined(both, group[1]), both));
    RC_ASSERT(same(joined(group[1], both), both));
}

void delta_join_is_full_join(const Workload& workload) {
    Group group;
    run_any(group, workload);
    RC_ASSERT(same(joined_delta(group[0], group[1]), joined(group[0], group[1])));
    RC_ASSERT(same(joined_delta(group[2], joined(group[0], group[1])),
                   joined(joined(group[2], group[1]), group[0])));
}

void all_joined_all_are_equal(const Workload& workload) {
    Group group;
    run_any(group, workload);
    for (MemoryRows& into : group.replicas())
        for (const MemoryRows& from : group.replicas()) into.join(from);
    for (MemoryRows& into : group.replicas())
        for (const MemoryRows& from : group.replicas())
            into.join(from.delta(into.version()), from.version());
    for (MemoryRows& each : group.replicas()) {
        RC_ASSERT(same(each, group[0]));
        RC_ASSERT(workload.read(each) == workload.read(group[0]));
    }
}

void batches_round_trip(const Workload& workload) {
    Group group;
    run_any(group, workload);
    const MemoryRows both = joined(group[0], group[1]);
    std::vector<KeyedRow> rows;
    for (const auto& [at, row] : both.rows()) rows.push_back({at, row});
    const auto decoded = decode_batch(encode_batch(rows));
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == rows);
}

void rows_are_an_exact_cut(const Workload& workload) {
    const Steps steps = *any_steps();
    Group group;
    History history;
    for (const Step& step : steps) {
        group.run(workload, step);
        if (step.kind == Step::Kind::kWrite) {
            history.wrote(step.at, group[step.at]);
        } else {
            history.joined(step.at, step.from);
        }
        RC_ASSERT(history.expected(step.at) == shown(group[step.at]));
    }
}

}  // namespace kigumi::laws
