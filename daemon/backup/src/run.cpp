#include <chrono>

#include "kigumi/daemon/backup.hpp"
#include "kigumi/daemon/time_text.hpp"
#include "records.hpp"
#include "target.hpp"

namespace kigumi::backup {
namespace {

namespace fs = std::filesystem;

/// What the next backup can build on, or why it cannot.
struct Plan {
    const Entry* previous = nullptr;
    std::string why_full;
};

Plan plan(const TargetWriter& target, const Request& request, std::uint64_t now_ms) {
    const Manifest& manifest = target.manifest();
    if (request.full) return {nullptr, "it was asked for"};
    if (manifest.entries.empty()) return {nullptr, "it is the first"};
    const Entry& last = manifest.entries.back();
    const std::vector<Entry> chain = manifest.chain(last);
    std::uint64_t incremental_bytes = 0;
    for (const Entry& entry : chain) {
        if (!is_intact(target.directory(), entry))
            return {nullptr, entry.file + " is missing or was altered"};
        if (!entry.full()) incremental_bytes += entry.bytes;
    }
    const Entry& first = chain.front();
    if (chain.size() > kMaxChain)
        return {nullptr, "the chain has " + std::to_string(kMaxChain) + " incremental ones"};
    if (incremental_bytes > first.bytes)
        return {nullptr, "the incremental ones are larger than the full one"};
    if (request.full_every_ms != 0 && now_ms >= first.time_ms + request.full_every_ms)
        return {nullptr,
                "the last full one is " + duration_text(request.full_every_ms) + " old or more"};
    return {&last, {}};
}

/// One run on a target that is open.
class Run {
  public:
    Run(Store& store, const Request& request, TargetWriter& target, BackupRecord record)
        : store_(store), request_(request), target_(target), record_(std::move(record)) {}

    Result<Report> operator()() {
        const auto begun = std::chrono::steady_clock::now();
        Plan plan = backup::plan(target_, request_, store_.wall_ms());
        bundle::WriteOptions options;
        options.stop = request_.stop;
        if (plan.previous != nullptr) options.since = plan.previous->versions;
        KIGUMI_TRY(options.since, hold(options.since));
        if (plan.previous != nullptr && options.since.empty())
            plan = {nullptr, "the store has dropped removals that the last one lacks"};
        KIGUMI_TRY(Entry entry, write(plan.previous, options));
        KIGUMI_TRY(const std::size_t dropped, enter(entry));
        KIGUMI_CHECK(remember(entry));
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
        return Report{std::move(entry), std::move(plan.why_full), dropped, took.count()};
    }

  private:
    /// Those versions that the bundle can start from. From here on collection waits for what it has
    /// to carry, and for what the one after it will have to.
    Result<bundle::Versions> hold(const bundle::Versions& since) {
        if (request_.hold_ms == 0) return bundle::reachable(store_, since);
        BackupRecord held = record_;
        held.hold_until_ms = store_.wall_ms() + request_.hold_ms;
        held.versions = since;
        KIGUMI_CHECK(store_.put_backup(held));
        KIGUMI_TRY(auto reached, bundle::reachable(store_, since));
        KIGUMI_TRY(held.versions, bundle::versions(store_));
        for (const auto& [bucket, version] : reached) held.versions[bucket] = version;
        KIGUMI_CHECK(store_.put_backup(held));
        return reached;
    }

    Result<Entry> write(const Entry* previous, const bundle::WriteOptions& options) {
        Entry entry;
        entry.number = target_.next_number();
        entry.file = bundle_name(entry.number, previous == nullptr);
        const fs::path file = target_.directory() / entry.file;
        KIGUMI_TRY(const bundle::Summary summary, bundle::write(store_, file, options));
        if (request_.verify) KIGUMI_CHECK(verify(file, summary.checksum));
        entry.checksum = checksum_text(summary.checksum);
        entry.bytes = summary.file_bytes;
        entry.time_ms = summary.time_ms;
        entry.source = summary.source;
        if (previous != nullptr) {
            entry.previous = previous->number;
            entry.versions = previous->versions;
        }
        for (const bundle::Cut& cut : summary.cuts) entry.versions[cut.bucket] = cut.version;
        entry.rows = summary.rows;
        entry.row_bytes = summary.row_bytes;
        return entry;
    }

    static Result<void> verify(const fs::path& file, std::uint64_t written) {
        KIGUMI_TRY(const bundle::Summary read, bundle::inspect(file));
        if (read.checksum == written) return {};
        return fail(ErrorCode::kCorrupt,
                    file.string() + " does not hold what was written to it; check the disk");
    }

    /// Enters the backup in the manifest, and leaves out those that are no longer kept.
    Result<std::size_t> enter(const Entry& entry) {
        Manifest manifest = target_.manifest();
        manifest.entries.push_back(entry);
        std::vector<bool> intact = target_.intact();
        intact.push_back(true);
        const auto dropped = to_drop(manifest, request_.retention, store_.wall_ms(), intact);
        std::erase_if(manifest.entries, [&dropped](const Entry& one) {
            return std::find(dropped.begin(), dropped.end(), one.number) != dropped.end();
        });
        KIGUMI_CHECK(target_.put(std::move(manifest)));
        return dropped.size();
    }

    Result<void> remember(const Entry& entry) {
        record_.versions = entry.versions;
        record_.success_ms = store_.wall_ms();
        record_.hold_until_ms = request_.hold_ms == 0 ? 0 : record_.success_ms + request_.hold_ms;
        record_.full = entry.full();
        record_.bytes = entry.bytes;
        return note_success(store_, record_);
    }

    Store& store_;
    const Request& request_;
    TargetWriter& target_;
    BackupRecord record_;
};

/// Where the target of earlier backups has gone, an empty place must not pass for it: it may be a
/// disk that is not mounted. Who asks for a full one there means to begin anew.
Result<void> check_still_there(Store& store, const Request& request) {
    std::error_code unknown;
    if (fs::exists(request.target / kManifestName, unknown)) return {};
    KIGUMI_TRY(const auto known, record_at(store, request.target));
    if (!known || known->success_ms == 0) return {};
    if (request.full) {
        KIGUMI_CHECK(forget_path(store, request.target));
        return {};
    }
    return fail(ErrorCode::kNotFound, "the backups of " + iso_time(known->success_ms) +
                                          " and before are gone from " + request.target.string() +
                                          "; mount it, or begin anew: kigumi backup " +
                                          request.target.string() + " --full");
}

Result<Report> attempt(Store& store, const Request& request, std::optional<BackupRecord>& before) {
    if (request.retention.keep == 0U)
        return fail(ErrorCode::kInvalidArgument, "a target keeps at least 1 backup");
    KIGUMI_CHECK(check_still_there(store, request));
    KIGUMI_TRY(TargetWriter target, TargetWriter::open(request.target, true));
    KIGUMI_TRY(before, record_of(store, target.manifest().target));
    if (!before) {
        before = BackupRecord{};
        before->target = target.manifest().target;
    }
    before->path = request.target;
    return Run(store, request, target, *before)();
}

}  // namespace

Result<void> forget(Store& store, const fs::path& target) {
    const fs::path path = plain_path(target);
    KIGUMI_TRY(const bool known, forget_path(store, path));
    if (known) return {};
    return fail(ErrorCode::kNotFound, "nothing is known of backups to " + path.string() +
                                          "; kigumi status lists the targets that are");
}

Result<Report> run(Store& store, const Request& request) {
    Request plain = request;
    plain.target = plain_path(request.target);
    std::optional<BackupRecord> before;
    auto report = attempt(store, plain, before);
    // The run's own error is the one to tell, also if it cannot be noted.
    if (!report && !request.stop.stop_requested())
        static_cast<void>(note_failure(store, plain.target, before, report.error()));
    return report;
}

}  // namespace kigumi::backup
