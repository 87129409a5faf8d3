#include "observer.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "kigumi/replication/members.hpp"

namespace kigumi {
namespace {

constexpr std::chrono::milliseconds kFresh(500);

std::uint64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    file >> all >> resident;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

/// Takes the value of a result, or notes why there is none.
template <class To, class From>
void take(To& to, Result<From> from, std::vector<std::string>& problems) {
    if (from) {
        to = std::move(*from);
    } else {
        problems.push_back(from.error().message);
    }
}

/// Replicas that somebody has retired will never confirm anything: they are no peers that lag.
void forget_retired(ReplicatorStatus& status,
                    const std::map<ReplicaId, members::Standing>& standings) {
    for (BucketStatus& bucket : status.buckets)
        std::erase_if(bucket.peers, [&standings](const BucketPeerStatus& peer) {
            const auto known = standings.find(peer.replica);
            return known != standings.end() && known->second == members::Standing::kRetired;
        });
}

}  // namespace

Observer::Observer(Store& store, Node& node, const Watchdog& watchdog, const RowCounter& rows,
                   bool has_peers)
    : store_(store),
      node_(node),
      watchdog_(watchdog),
      rows_(rows),
      has_peers_(has_peers),
      started_ms_(store.wall_ms()) {}

http::Observation Observer::glance() const {
    http::Observation now;
    now.version = KIGUMI_VERSION;
    now.started_ms = started_ms_;
    now.wall_ms = store_.wall_ms();
    now.loop_idle_ms = node_.idle_ms();
    now.loop_longest_turn_ms = node_.longest_turn_ms();
    now.loop_longest_turn_of_minute_ms = node_.longest_turn_of_minute_ms();
    now.loop_stuck = watchdog_.stuck();
    now.draining = draining_;
    now.has_peers = has_peers_;
    return now;
}

http::Observation Observer::look() const {
    http::Observation now = glance();
    now.resident_bytes = resident_bytes();
    take(now.replication, node_.status(), now.problems);
    take(now.membership, node_.membership(), now.problems);
    take(now.usage, store_.usage(), now.problems);
    take(now.backups, store_.backups(), now.problems);
    if (now.replication) {
        if (const auto standings = members::list(store_))
            forget_retired(*now.replication, *standings);
    }
    std::error_code error;
    now.free_bytes = std::filesystem::space(store_.directory(), error).available;
    if (!error && now.free_bytes < kv::LmdbOptions().min_free_bytes)
        now.refusal = "writes are refused: there are only " + std::to_string(now.free_bytes >> 20) +
                      " MiB free; make room";
    now.commits = kv::commit_times();
    now.census = rows_.last();
    return now;
}

http::Observation Observer::observe() {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now - looked_ >= kFresh || last_.draining != draining_) {
        last_ = look();
        looked_ = std::chrono::steady_clock::now();
    }
    return last_;
}

http::Pages Observer::pages() {
    http::Pages pages;
    pages["/metrics"] = [this] {
        return http::Answer{200, "text/plain; version=0.0.4; charset=utf-8",
                            http::metrics_text(observe())};
    };
    pages["/status.json"] = [this] {
        return http::Answer{200, "application/json", http::status_json(observe())};
    };
    pages["/readyz"] = [this] {
        std::string text;
        for (const std::string& reason : http::why_not_ready(observe())) text += reason + "\n";
        return http::Answer{text.empty() ? 200 : 503, "text/plain; charset=utf-8",
                            text.empty() ? "ok\n" : text};
    };
    return pages;
}

http::Pages Observer::health_pages() {
    http::Pages pages;
    pages["/healthz"] = [this] {
        const std::string sick = http::why_unhealthy(glance());
        return http::Answer{sick.empty() ? 200 : 503, "text/plain; charset=utf-8",
                            (sick.empty() ? "ok" : sick) + "\n"};
    };
    return pages;
}

}  // namespace kigumi
