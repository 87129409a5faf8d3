#pragma once

#include "exposition.hpp"
#include "kigumi/daemon/observation.hpp"

namespace kigumi::http {

// The parts of the metrics, by what they tell of.
void process_metrics(Exposition& out, const Observation& now);
void store_metrics(Exposition& out, const Observation& now);
void link_metrics(Exposition& out, const ReplicatorStatus& status);
void bucket_metrics(Exposition& out, const ReplicatorStatus& status);
void member_metrics(Exposition& out, const MembershipStatus& status);
void backup_metrics(Exposition& out, const Observation& now);

}  // namespace kigumi::http
