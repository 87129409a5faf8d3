#include "backup_status.hpp"

#include <algorithm>

#include "kigumi/daemon/time_text.hpp"
#include "output.hpp"

namespace kigumi::cli {
namespace {

std::uint64_t seconds_since(std::uint64_t then_ms, std::uint64_t now_ms) {
    return (now_ms - std::min(then_ms, now_ms)) / 1'000;
}

/// A time, or nil for "never".
Value time_value(std::uint64_t ms) { return ms == 0 ? Value() : Value(kigumi::iso_time(ms)); }

}  // namespace

std::string backup_text(const BackupRecord& record, std::uint64_t now_ms) {
    std::string text = record.path + ", ";
    if (record.success_ms == 0) {
        text += "none yet";
    } else {
        text += std::string(record.full ? "full" : "incremental") + " of " +
                std::to_string(record.bytes) + " bytes at " + kigumi::iso_time(record.success_ms) +
                ", " + std::to_string(seconds_since(record.success_ms, now_ms)) + " s ago";
    }
    if (record.error_ms != 0)
        text += std::string(record.failing() ? "; FAILED at " : "; failed before at ") +
                kigumi::iso_time(record.error_ms) + ": " + record.error;
    if (record.next_ms != 0)
        text += std::string(record.next_ms < now_ms ? "; overdue since " : "; next at ") +
                kigumi::iso_time(record.next_ms);
    return text;
}

std::string backup_json(const BackupRecord& record, std::uint64_t now_ms) {
    const bool made = record.success_ms != 0;
    JsonObject object;
    object.add("path", Value(record.path)).add("target", Value(record.target));
    object.add("last_success", time_value(record.success_ms));
    object.raw("age_seconds",
               made ? std::to_string(seconds_since(record.success_ms, now_ms)) : "null");
    object.add("full", made ? Value(record.full) : Value());
    object.raw("bytes", made ? std::to_string(record.bytes) : "null");
    object.add("failing", Value(record.failing()));
    object.add("error", record.error_ms == 0 ? Value() : Value(record.error));
    object.add("error_time", time_value(record.error_ms)).add("next", time_value(record.next_ms));
    object.add("holds_removals_until",
               time_value(record.hold_until_ms > now_ms ? record.hold_until_ms : 0));
    return object.text();
}

}  // namespace kigumi::cli
