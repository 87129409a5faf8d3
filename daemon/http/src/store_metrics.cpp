#include "metrics.hpp"

namespace kigumi::http {
namespace {

using Kind = Exposition::Kind;

void commit_times(Exposition& out, const kv::CommitTimes& times) {
    out.family("kigumi_commit_duration_seconds", Kind::kHistogram,
               "How long commits of this process took to be durable: written and synced. Commits "
               "of applications are not in it.");
    std::uint64_t sofar = 0;
    for (std::size_t i = 0; i < times.counts.size(); ++i) {
        sofar += times.counts[i];
        const bool last = i == kv::CommitTimes::kBoundsUs.size();
        out.part("_bucket", static_cast<double>(sofar),
                 {{"le", last ? "+Inf"
                              : number_text(static_cast<double>(kv::CommitTimes::kBoundsUs[i]) /
                                            1'000'000)}});
    }
    out.part("_sum", static_cast<double>(times.sum_us) / 1'000'000);
    out.part("_count", static_cast<double>(sofar));
    out.family("kigumi_commit_failures_total", Kind::kCounter, "Of them, those that failed.");
    out.sample(static_cast<double>(times.failed));
}

}  // namespace

void store_metrics(Exposition& out, const Observation& now) {
    const auto one = [&out](const char* name, Kind kind, const char* help, std::uint64_t value) {
        out.family(name, kind, help);
        out.sample(static_cast<double>(value));
    };
    one("kigumi_store_free_bytes", Kind::kGauge, "Free space of the store's file system.",
        now.free_bytes);
    if (now.usage) {
        one("kigumi_store_file_bytes", Kind::kGauge, "Size of the store's file.",
            now.usage->file_bytes);
        one("kigumi_store_map_bytes", Kind::kGauge,
            "Address space reserved for the file; it grows by itself.", now.usage->map_bytes);
        one("kigumi_store_commits_total", Kind::kCounter,
            "Commits to the store, by any process, since it was made.", now.usage->commits);
    }
    one("kigumi_store_writable", Kind::kGauge, "0 while writes are refused for want of room.",
        now.refusal.empty() ? 1 : 0);
    commit_times(out, now.commits);
    if (!now.census) return;
    one("kigumi_rows", Kind::kGauge, "Rows of all buckets at the last census, removed ones too.",
        now.census->rows);
    one("kigumi_removed_rows", Kind::kGauge,
        "Of them, those that hold nothing but removals and wait to be collected.",
        now.census->removed);
    one("kigumi_rows_in_conflict", Kind::kGauge,
        "Of them, those in which concurrent writes differ.", now.census->conflicts);
    one("kigumi_siblings", Kind::kGauge, "Writes that stand beside another one in those.",
        now.census->siblings);
    out.family("kigumi_census_age_seconds", Kind::kGauge, "Age of the last census.");
    out.sample(now.census->ended_ms > now.wall_ms
                   ? 0.0
                   : static_cast<double>(now.wall_ms - now.census->ended_ms) / 1'000);
    out.family("kigumi_census_duration_seconds", Kind::kGauge, "How long it took.");
    out.sample(static_cast<double>(now.census->took_ms) / 1'000);
}

}  // namespace kigumi::http
