#include <algorithm>

#include "kigumi/daemon/backup_schedule.hpp"
#include "kigumi/replication/backoff.hpp"

namespace kigumi::backup {

Schedule::Schedule(std::uint64_t interval_ms, std::function<std::uint64_t()> random)
    : interval_ms_(interval_ms), random_(std::move(random)) {}

void Schedule::start(std::uint64_t now_ms, std::uint64_t since_last_ms) {
    due_ms_ = now_ms + interval_ms_ - std::min(interval_ms_, since_last_ms);
}

void Schedule::succeeded(std::uint64_t begun_ms) {
    due_ms_ = begun_ms + interval_ms_;
    retry_ms_ = kFirstRetryMs;
}

void Schedule::failed(std::uint64_t now_ms) {
    due_ms_ = now_ms + std::min(jittered(retry_ms_, random_()), interval_ms_);
    retry_ms_ = std::min(retry_ms_ * 2, interval_ms_);
}

}  // namespace kigumi::backup
