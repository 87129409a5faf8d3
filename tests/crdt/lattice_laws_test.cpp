#include "crdt/workloads.hpp"
#include "kigumi/replication/batch.hpp"

namespace kigumi {
namespace {

KIGUMI_LAWS(Register, workloads::Registers)
KIGUMI_LAWS(Flag, workloads::Flags)
KIGUMI_LAWS(Set, workloads::Sets)
KIGUMI_LAWS(Counter, workloads::Counters)
KIGUMI_LAWS(Map, workloads::Maps)
KIGUMI_LAWS(Everything, workloads::Everything)

RC_GTEST_PROP(BatchLaws, RowsOfAllTypesSurviveTheCodec, ()) {
    laws::Replicas group;
    group.run<workloads::Everything>(*laws::any_steps<workloads::Everything>());
    const MemoryRows both = laws::joined(group[0], group[1]);
    std::vector<KeyedRow> rows;
    for (const auto& [at, row] : both.rows()) rows.push_back({at, row});
    const auto decoded = decode_batch(encode_batch(rows));
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == rows);
}

}  // namespace
}  // namespace kigumi
