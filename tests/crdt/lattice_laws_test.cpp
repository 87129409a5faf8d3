#include "crdt/laws.hpp"

namespace kigumi {
namespace {

KIGUMI_LATTICE_LAWS(Register, workload<workloads::Registers>())
KIGUMI_LATTICE_LAWS(Flag, workload<workloads::Flags>())
KIGUMI_LATTICE_LAWS(Set, workload<workloads::Sets>())
KIGUMI_LATTICE_LAWS(Counter, workload<workloads::Counters>())
KIGUMI_LATTICE_LAWS(Map, workload<workloads::Maps>())
KIGUMI_LATTICE_LAWS(Everything, workload<workloads::Everything>())

}  // namespace
}  // namespace kigumi
