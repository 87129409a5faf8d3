#include "metrics.hpp"

namespace kigumi::http {
namespace {

using Kind = Exposition::Kind;

}  // namespace

void process_metrics(Exposition& out, const Observation& now) {
    const auto one = [&out](const char* name, const char* help, double value) {
        out.family(name, Kind::kGauge, help);
        out.sample(value);
    };
    out.family("kigumi_build_info", Kind::kGauge, "1, labelled with the version of the program.");
    out.sample(1, {{"version", now.version}});
    if (now.replication) {
        out.family("kigumi_node_info", Kind::kGauge, "1, labelled with the identity of the node.");
        out.sample(1, {{"replica", now.replication->replica.hex()}});
    }
    one("process_start_time_seconds", "When the process began, in seconds since 1970.",
        static_cast<double>(now.started_ms) / 1'000);
    one("process_resident_memory_bytes", "Memory in use, mapped pages of the store included.",
        static_cast<double>(now.resident_bytes));
    one("kigumi_loop_idle_seconds", "Since when the event loop has not turned.",
        static_cast<double>(now.loop_idle_ms) / 1'000);
    one("kigumi_loop_longest_turn_seconds", "The longest turn of the event loop since the start.",
        static_cast<double>(now.loop_longest_turn_ms) / 1'000);
    one("kigumi_loop_longest_turn_of_minute_seconds",
        "The longest turn of the event loop in the last minute.",
        static_cast<double>(now.loop_longest_turn_of_minute_ms) / 1'000);
    one("kigumi_loop_stuck", "1 if the event loop stands still.", now.loop_stuck ? 1 : 0);
    one("kigumi_ready", "1 if applications may rely on this node (/readyz).",
        why_not_ready(now).empty() ? 1 : 0);
    one("kigumi_draining", "1 once the daemon has been asked to end.", now.draining ? 1 : 0);
    one("kigumi_observation_problems", "Parts of the metrics that could not be learned this time.",
        static_cast<double>(now.problems.size()));
}

std::string metrics_text(const Observation& now) {
    Exposition out;
    process_metrics(out, now);
    store_metrics(out, now);
    if (now.replication) {
        link_metrics(out, *now.replication);
        bucket_metrics(out, *now.replication);
    }
    if (now.membership) member_metrics(out, *now.membership);
    backup_metrics(out, now);
    return out.text();
}

}  // namespace kigumi::http
