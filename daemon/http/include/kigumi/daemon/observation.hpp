#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kigumi/daemon/membership_status.hpp"
#include "kigumi/replication/backup_record.hpp"
#include "kigumi/replication/commit_times.hpp"
#include "kigumi/replication/status.hpp"
#include "kigumi/replication/store.hpp"

namespace kigumi::http {

/// The rows of all buckets, counted by looking at each.
struct Census {
    std::uint64_t rows = 0;
    std::uint64_t removed = 0;    ///< of them, those that hold nothing but removals
    std::uint64_t conflicts = 0;  ///< of them, those in which concurrent writes differ
    std::uint64_t siblings = 0;   ///< writes that stand beside another one in those
    std::uint64_t ended_ms = 0;   ///< ms since 1970
    std::uint64_t took_ms = 0;
};

/// What a daemon shows of itself at one moment. What could not be learned is missing, and
/// `problems` says why.
struct Observation {
    std::string version;  ///< of the program
    std::uint64_t started_ms = 0;
    std::uint64_t wall_ms = 0;
    std::uint64_t loop_idle_ms = 0;
    std::uint64_t loop_longest_turn_ms = 0;            ///< since the start
    std::uint64_t loop_longest_turn_of_minute_ms = 0;  ///< of the last minute
    bool loop_stuck = false;
    bool draining = false;
    bool has_peers = false;  ///< others are named in its configuration
    std::uint64_t resident_bytes = 0;
    std::optional<ReplicatorStatus> replication;
    std::optional<MembershipStatus> membership;  ///< nothing if others are not looked for
    std::optional<kv::Usage> usage;
    std::uint64_t free_bytes = 0;  ///< of the file system, for this process
    std::string refusal;           ///< why writes are refused; empty: they are not
    kv::CommitTimes commits;
    std::optional<Census> census;  ///< nothing before the first is through
    std::vector<BackupRecord> backups;
    std::vector<std::string> problems;
};

/// Why the daemon should not be relied on to run at all; empty if it should. For restarting it.
std::string why_unhealthy(const Observation& now);
/// Why applications should not be sent to this node; empty if they may. A node that is cut off is
/// ready: it serves what it has. One that is new and has met nobody yet is not.
std::vector<std::string> why_not_ready(const Observation& now);

/// All of it in the text format of Prometheus.
std::string metrics_text(const Observation& now);
/// All of it as JSON.
std::string status_json(const Observation& now);

}  // namespace kigumi::http
