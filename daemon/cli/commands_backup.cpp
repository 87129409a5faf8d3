#include <algorithm>
#include <array>
#include <cstdio>

#include "command.hpp"
#include "flags.hpp"
#include "kigumi/crdt/json.hpp"
#include "kigumi/daemon/backup.hpp"
#include "kigumi/daemon/drill.hpp"
#include "kigumi/daemon/restore.hpp"
#include "kigumi/daemon/time_text.hpp"
#include "open_store.hpp"
#include "text.hpp"

namespace kigumi::cli {
namespace {

using kigumi::iso_time;

constexpr std::uint64_t kDayMs = 86'400'000;
constexpr const char* kTarget = "the backup target, a directory";

std::string number_text(double number) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3f", number);
    return text.data();
}

/// In millions of bytes a second.
std::string speed_text(std::uint64_t bytes, double seconds) {
    return number_text(seconds > 0 ? static_cast<double>(bytes) / 1e6 / seconds : 0);
}

JsonObject entry_json(const backup::Entry& entry) {
    JsonObject versions;
    for (const auto& [bucket, version] : entry.versions) versions.raw(bucket, vector_json(version));
    JsonObject object;
    object.raw("number", std::to_string(entry.number));
    object.add("time", Value(iso_time(entry.time_ms))).add("full", Value(entry.full()));
    object.raw("previous", entry.previous ? std::to_string(*entry.previous) : "null");
    object.add("source", Value(entry.source.hex())).raw("rows", std::to_string(entry.rows));
    object.raw("row_bytes", std::to_string(entry.row_bytes));
    object.raw("file_bytes", std::to_string(entry.bytes)).add("file", Value(entry.file));
    return object.add("xxh3", Value(entry.checksum)).raw("versions", versions.text());
}

std::string kind_text(const backup::Entry& entry) {
    return entry.full() ? "full" : "incremental on " + std::to_string(*entry.previous);
}

std::string entry_line(const std::string& number, const std::string& time, const std::string& kind,
                       const std::string& rows, const std::string& bytes) {
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(), "%8s  %-24s  %-20s  %12s  %14s", number.c_str(),
                  time.c_str(), kind.c_str(), rows.c_str(), bytes.c_str());
    return text.data();
}

Result<Answer> list(Session& session, const std::string& target) {
    KIGUMI_TRY(const backup::Manifest manifest, backup::read_manifest(target));
    if (session.json) {
        std::vector<std::string> items;
        for (const backup::Entry& entry : manifest.entries)
            items.push_back(entry_json(entry).text());
        session.out.line(JsonObject()
                             .add("target", Value(manifest.target))
                             .raw("backups", json_array(items))
                             .text());
        return Answer::kYes;
    }
    session.out.line(entry_line("number", "time", "kind", "rows", "bytes") + "  file");
    for (const backup::Entry& entry : manifest.entries)
        session.out.line(entry_line(std::to_string(entry.number), iso_time(entry.time_ms),
                                    kind_text(entry), std::to_string(entry.rows),
                                    std::to_string(entry.bytes)) +
                         "  " + entry.file);
    return Answer::kYes;
}

void print(Session& session, const backup::Report& report) {
    const backup::Entry& entry = report.entry;
    if (session.json) {
        session.out.line(entry_json(entry)
                             .add("why_full", Value(report.why_full))
                             .raw("dropped", std::to_string(report.dropped))
                             .raw("seconds", number_text(report.seconds))
                             .text());
        return;
    }
    session.out.line("backup   " + std::to_string(entry.number) + ", " + kind_text(entry) +
                     (report.why_full.empty() ? "" : ": " + report.why_full));
    session.out.line("time     " + iso_time(entry.time_ms));
    session.out.line("rows     " + std::to_string(entry.rows) + ", " +
                     std::to_string(entry.row_bytes) + " bytes in " + number_text(report.seconds) +
                     " s, " + speed_text(entry.row_bytes, report.seconds) + " MB/s");
    session.out.line("file     " + entry.file + ", " + std::to_string(entry.bytes) + " bytes");
    if (report.dropped > 0)
        session.out.line("dropped  " + std::to_string(report.dropped) + " earlier backups");
}

void print(Session& session, const backup::RestoreReport& report,
           const std::optional<std::uint64_t>& at_ms) {
    const std::string time = iso_time(at_ms.value_or(report.entry.time_ms));
    if (session.json) {
        JsonObject object;
        object.add("as_of", Value(time)).raw("backup", std::to_string(report.entry.number));
        object.raw("bundles", std::to_string(report.bundles));
        object.raw("rows", std::to_string(report.rows));
        object.raw("row_bytes", std::to_string(report.row_bytes));
        object.raw("seconds", number_text(report.seconds));
        object.add("exact", Value(!report.undone || report.undone->uncertain == 0));
        if (report.undone) {
            object.raw("undone", std::to_string(report.undone->rows));
            object.raw("uncertain", std::to_string(report.undone->uncertain));
            object.raw("siblings", std::to_string(report.undone->siblings));
        }
        session.out.line(object.text());
        return;
    }
    session.out.line("as of    " + time);
    session.out.line("rows     " + std::to_string(report.rows) + " of " +
                     std::to_string(report.bundles) + " bundles, " +
                     std::to_string(report.row_bytes) + " bytes in " + number_text(report.seconds) +
                     " s, " + speed_text(report.row_bytes, report.seconds) + " MB/s");
    if (!report.undone) {
        session.out.line("exact    the rows at the time of backup " +
                         std::to_string(report.entry.number));
        return;
    }
    session.out.line("undone   " + std::to_string(report.undone->rows) +
                     " rows that were written after that; they are as before, by new writes");
    session.out.line("unsure   at most " + std::to_string(report.undone->uncertain) +
                     " of these had another state then, which no backup shows; they have the one "
                     "of the backup before");
    session.out.line("joined   " + std::to_string(report.undone->siblings) +
                     " of these had concurrent values; they have the one that readers saw");
}

void print(Session& session, const backup::DrillReport& report) {
    if (session.json) {
        std::vector<std::string> differences;
        for (const std::string& one : report.differences) differences.push_back(json_string(one));
        JsonObject object;
        object.add("passed", Value(report.passed()));
        object.raw("backup", std::to_string(report.entry.number));
        object.add("time", Value(iso_time(report.entry.time_ms)));
        object.raw("rto_seconds", number_text(report.recovery_seconds));
        object.raw("row_bytes", std::to_string(report.recovery_bytes));
        object.raw("rpo_seconds", number_text(static_cast<double>(report.age_ms) / 1'000));
        object.raw("rpo_events", std::to_string(report.events_ahead));
        object.raw("rows", std::to_string(report.rows));
        object.raw("changed_since", std::to_string(report.changed_since));
        object.raw("wrong", std::to_string(report.wrong));
        session.out.line(object.raw("differences", json_array(differences)).text());
        return;
    }
    session.out.line("backup   " + std::to_string(report.entry.number) + " of " +
                     iso_time(report.entry.time_ms));
    session.out.line("RTO      " + number_text(report.recovery_seconds) + " s, " +
                     speed_text(report.recovery_bytes, report.recovery_seconds) + " MB/s");
    session.out.line("RPO      " + number_text(static_cast<double>(report.age_ms) / 1'000) +
                     " s, the node is " + std::to_string(report.events_ahead) + " events ahead");
    session.out.line("rows     " + std::to_string(report.rows) + " compared, " +
                     std::to_string(report.changed_since) + " of them changed since");
    for (const std::string& difference : report.differences)
        session.out.line("WRONG    " + difference);
    if (report.wrong > report.differences.size())
        session.out.line("WRONG    " + std::to_string(report.wrong) + " rows in all");
    session.out.line(report.passed() ? "passed" : "FAILED");
}

}  // namespace

Result<Answer> back_up(Session& session) {
    Flags flags(session);
    backup::Request request;
    request.full = flags.take("--full");
    request.verify = flags.take("--verify");
    const bool listed = flags.take("--list");
    const bool forgotten = flags.take("--forget");
    KIGUMI_TRY(request.retention.keep, flags.take_number("--keep", 1));
    KIGUMI_TRY(const auto days, flags.take_number("--keep-days", 1));
    if (days) request.retention.keep_ms = std::min(*days, std::uint64_t{36'500}) * kDayMs;
    KIGUMI_TRY(const std::string target, flags.rest(kTarget));
    request.target = target;
    if (listed) return list(session, target);
    KIGUMI_TRY(const auto store, open_store(session.data, Access::kRead));
    if (forgotten) {
        KIGUMI_CHECK(backup::forget(*store, target));
        return Answer::kYes;
    }
    KIGUMI_TRY(const backup::Report report, backup::run(*store, request));
    print(session, report);
    return Answer::kYes;
}

Result<Answer> verify(Session& session) {
    KIGUMI_TRY(const std::string target, Flags(session).rest(kTarget));
    KIGUMI_TRY(const auto manifest, backup::read_manifest(target));
    KIGUMI_TRY(const auto problems, backup::verify(target));
    if (session.json) {
        JsonObject object;
        object.raw("backups", std::to_string(manifest.entries.size()));
        object.add("problems", Value(Array(problems.begin(), problems.end())));
        session.out.line(object.text());
    } else {
        for (const std::string& problem : problems) session.out.line("WRONG    " + problem);
        if (problems.empty())
            session.out.line(std::to_string(manifest.entries.size()) + " backups, all whole");
    }
    return problems.empty() ? Answer::kYes : Answer::kNo;
}

Result<Answer> restore(Session& session) {
    Flags flags(session);
    backup::RestoreRequest request;
    KIGUMI_TRY(const auto at, flags.take_value("--at"));
    if (at) {
        KIGUMI_TRY(request.at_ms, parse_time(*at));
    }
    KIGUMI_TRY(const std::string target, flags.rest(kTarget));
    request.target = target;
    KIGUMI_TRY(request.into, data_directory(session.data));
    KIGUMI_TRY(const backup::RestoreReport report, backup::restore(request));
    print(session, report, request.at_ms);
    return Answer::kYes;
}

Result<Answer> drill(Session& session) {
    Flags flags(session);
    backup::DrillRequest request;
    KIGUMI_TRY(const auto scratch, flags.take_value("--scratch"));
    if (scratch) request.scratch = *scratch;
    KIGUMI_TRY(const std::string target, flags.rest(kTarget));
    request.target = target;
    KIGUMI_TRY(const backup::DrillReport report, backup::drill(*session.store, request));
    print(session, report);
    return report.passed() ? Answer::kYes : Answer::kNo;
}

}  // namespace kigumi::cli
