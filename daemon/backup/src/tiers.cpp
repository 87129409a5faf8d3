#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <set>
#include <stop_token>
#include <thread>

#include "kigumi/daemon/backup_schedule.hpp"
#include "kigumi/daemon/backup_tiers.hpp"
#include "kigumi/daemon/time_text.hpp"
#include "records.hpp"

namespace kigumi::backup {
namespace {

using Level = Effects::Note::Level;

std::uint64_t steady_ms() {
    using namespace std::chrono;
    return static_cast<std::uint64_t>(
        duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
}

std::function<std::uint64_t()> system_random() {
    return [generator = std::make_shared<std::mt19937_64>(std::random_device{}())] {
        return (*generator)();
    };
}

}  // namespace

/// The threads and what they share. It lives until the last thread has ended.
class Tiers::Runner {
  public:
    Runner(Store& store, std::function<void(const Effects::Note&)> log)
        : store_(store), log_(std::move(log)) {}
    ~Runner() {
        static_cast<void>(stop(0));
        for (std::thread& thread : threads_) thread.join();
    }
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    void start(const std::vector<Tier>& tiers) {
        running_ = tiers.size();
        for (const Tier& tier : tiers)
            threads_.emplace_back([this, tier] {
                serve(tier);
                const std::lock_guard lock(mutex_);
                --running_;
                changed_.notify_all();
            });
    }

    bool stop(std::uint64_t limit_ms) {
        stop_.request_stop();
        std::unique_lock lock(mutex_);
        changed_.notify_all();
        return changed_.wait_for(lock, std::chrono::milliseconds(limit_ms),
                                 [this] { return running_ == 0; });
    }

  private:
    /// Sleeps until that moment; returns false if it is time to stop instead.
    bool wait_until(std::uint64_t due_ms) {
        std::unique_lock lock(mutex_);
        const std::uint64_t now_ms = steady_ms();
        changed_.wait_for(lock, std::chrono::milliseconds(due_ms - std::min(due_ms, now_ms)),
                          [this] { return stop_.stop_requested(); });
        return !stop_.stop_requested();
    }

    void serve(const Tier& tier) {
        Schedule schedule(tier.every_ms, system_random());
        schedule.start(steady_ms(), since_last_ms(tier));
        while (wait_until(schedule.due_ms())) {
            const std::uint64_t begun_ms = steady_ms();
            const bool done = back_up(tier);
            if (done) {
                schedule.succeeded(begun_ms);
            } else {
                schedule.failed(steady_ms());
            }
            note_next(tier, schedule.due_ms());
        }
    }

    std::uint64_t since_last_ms(const Tier& tier) {
        const auto record = record_at(store_, tier.target);
        if (!record || !*record || (*record)->success_ms == 0) return tier.every_ms;
        const std::uint64_t now_ms = store_.wall_ms();
        return now_ms - std::min(now_ms, (*record)->success_ms);
    }

    bool back_up(const Tier& tier) {
        Request request;
        request.target = tier.target;
        request.full_every_ms = tier.full_every_ms;
        request.retention = tier.retention;
        request.hold_ms = 2 * tier.every_ms;
        request.stop = stop_.get_token();
        try {
            const auto report = run(store_, request);
            const std::string target = "target=\"" + tier.target.string() + "\" ";
            if (!report && request.stop.stop_requested()) {
                log(Level::kInfo, "backup.stopped",
                    target + "reason=\"" + report.error().message + '"');
                return false;
            }
            if (!report) {
                log(Level::kWarning, "backup.failed",
                    target + "error=\"" + report.error().message + '"');
                return false;
            }
            const Entry& entry = report->entry;
            log(Level::kInfo, "backup.done",
                target + "number=" + std::to_string(entry.number) +
                    (entry.full() ? " full reason=\"" + report->why_full + '"' : " incremental") +
                    " rows=" + std::to_string(entry.rows) +
                    " bytes=" + std::to_string(entry.bytes) +
                    " ms=" + std::to_string(static_cast<std::uint64_t>(report->seconds * 1'000)));
            return true;
        } catch (const std::exception& error) {
            // Memory or threads have run out: as good a reason to try again as any other.
            log(Level::kWarning, "backup.failed", error.what());
            return false;
        }
    }

    void note_next(const Tier& tier, std::uint64_t due_ms) {
        auto record = record_at(store_, tier.target);
        if (!record || !*record) return;
        const std::uint64_t now_ms = steady_ms();
        (*record)->next_ms = store_.wall_ms() + due_ms - std::min(due_ms, now_ms);
        if (const auto noted = store_.put_backup(**record); !noted)
            log(Level::kWarning, "backup.unnoted", noted.error().message);
    }

    void log(Level level, std::string event, std::string detail) {
        const std::lock_guard lock(log_mutex_);
        if (log_) log_({level, std::move(event), std::move(detail)});
    }

    Store& store_;
    const std::function<void(const Effects::Note&)> log_;
    std::mutex log_mutex_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::stop_source stop_;
    std::size_t running_ = 0;
    std::vector<std::thread> threads_;
};

Tiers::Tiers() = default;
Tiers::~Tiers() = default;

Result<std::unique_ptr<Tiers>> Tiers::start(Store& store, std::vector<Tier> tiers,
                                            std::function<void(const Effects::Note&)> log) {
    std::set<std::filesystem::path> targets;
    for (Tier& tier : tiers) {
        tier.target = plain_path(tier.target);
        if (!targets.insert(tier.target).second)
            return fail(ErrorCode::kInvalidArgument,
                        "two backup tiers have the target " + tier.target.string());
    }
    std::unique_ptr<Tiers> made(new Tiers);
    made->runner_ = std::make_unique<Runner>(store, std::move(log));
    made->runner_->start(tiers);
    return made;
}

bool Tiers::stop(std::uint64_t limit_ms) { return runner_->stop(limit_ms); }

}  // namespace kigumi::backup
