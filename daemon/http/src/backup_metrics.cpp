#include "metrics.hpp"

namespace kigumi::http {
namespace {

using Kind = Exposition::Kind;

struct BackupMetric {
    const char* name;
    const char* help;
    double (*value)(const BackupRecord&);
};

constexpr BackupMetric kBackupMetrics[] = {
    {"kigumi_backup_last_success_timestamp_seconds",
     "When the last backup was made, in seconds since 1970; 0: never.",
     [](const BackupRecord& b) { return static_cast<double>(b.success_ms) / 1'000; }},
    {"kigumi_backup_last_failure_timestamp_seconds",
     "When the last failure ended, in seconds since 1970; 0: never.",
     [](const BackupRecord& b) { return static_cast<double>(b.error_ms) / 1'000; }},
    {"kigumi_backup_next_timestamp_seconds",
     "When the next is due, in seconds since 1970; 0: it is made by hand.",
     [](const BackupRecord& b) { return static_cast<double>(b.next_ms) / 1'000; }},
    {"kigumi_backup_failing", "1 if the last try failed.",
     [](const BackupRecord& b) { return b.failing() ? 1.0 : 0.0; }},
    {"kigumi_backup_last_size_bytes", "Size of the last backup.",
     [](const BackupRecord& b) { return static_cast<double>(b.bytes); }},
};

}  // namespace

void backup_metrics(Exposition& out, const Observation& now) {
    for (const BackupMetric& metric : kBackupMetrics) {
        out.family(metric.name, Kind::kGauge, metric.help);
        for (const BackupRecord& record : now.backups)
            out.sample(metric.value(record), {{"target", record.path}});
    }
    out.family("kigumi_backup_age_seconds", Kind::kGauge,
               "Age of the last backup; no sample before the first.");
    for (const BackupRecord& record : now.backups) {
        if (record.success_ms == 0) continue;
        const double age_ms = record.success_ms > now.wall_ms
                                  ? 0.0
                                  : static_cast<double>(now.wall_ms - record.success_ms);
        out.sample(age_ms / 1'000, {{"target", record.path}});
    }
}

}  // namespace kigumi::http
