#pragma once

#include "crdt/workloads.hpp"

/// Histories of all types in one space, for what is tested beside the laws.
namespace kigumi {

using Step = laws::Step<workloads::Op>;
using Steps = std::vector<Step>;
using laws::History;
using laws::joined;
using laws::kReplicas;
using laws::Replicas;
using laws::Shown;
using laws::shown;

inline rc::Gen<Steps> any_steps() { return laws::any_steps<workloads::Everything>(); }

}  // namespace kigumi
