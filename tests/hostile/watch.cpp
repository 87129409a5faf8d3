#include "hostile/watch.hpp"

#include <algorithm>

namespace kigumi::hostile {
namespace {

using std::chrono::milliseconds;

constexpr int kLookMs = 100;
constexpr int kAskMs = 500;
constexpr int kSchedulerMs = 10;
/// Connections that nobody has looked at yet come on top of the bound, for a moment.
constexpr std::chrono::seconds kTooManyDescriptors(10);
/// A log may begin with more than goes on.
constexpr std::uint64_t kFirstLogBytes = 1 << 20;

std::uint64_t ms_since(std::chrono::steady_clock::time_point then) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - then).count());
}

}  // namespace

Watch::Watch(std::array<Node*, 2> nodes, std::array<Writer*, 2> writers, Node& control,
             Bounds bounds)
    : nodes_(nodes), writers_(writers), control_(control), bounds_(bounds) {
    for (std::size_t i = 0; i < 2; ++i) {
        few_descriptors_[i] = began_;
        first_log_bytes_[i] = nodes_[i]->usage().log_bytes;
        first_turn_ms_[i] = nodes_[i]->longest_turn_ms().value_or(0);
    }
    const auto repeat = [this](int pause_ms, void (Watch::*what)()) {
        threads_.emplace_back([this, pause_ms, what] {
            while (!stopping_) {
                (this->*what)();
                sleep_for_ms(pause_ms);
            }
        });
    };
    repeat(kLookMs, &Watch::look);
    repeat(kAskMs, &Watch::ask_loops);
    repeat(0, &Watch::measure_scheduler);
}

Watch::~Watch() { stop(); }

void Watch::attack_begins(const std::string& name) {
    const std::lock_guard lock(mutex_);
    attack_ = name;
}

void Watch::stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

std::map<std::string, std::string> Watch::broken() const {
    const std::lock_guard lock(mutex_);
    return broken_;
}

std::vector<std::string> Watch::worst() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> lines;
    for (const auto& [what, worst] : worst_)
        lines.push_back(what + " " + std::to_string(worst.value) + " (" + worst.attack + ")");
    return lines;
}

void Watch::look() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) look_at(i, Clock::now());
}

void Watch::look_at(std::size_t i, Clock::time_point now) {
    Node& node = *nodes_[i];
    if (const auto status = node.process().wait_for(milliseconds(0))) {
        const std::lock_guard lock(mutex_);
        broken_.emplace(node.name() + ": the daemon has ended",
                        "status " + std::to_string(*status) + " during " + attack_);
        return;
    }
    const Usage usage = node.usage();
    note(node.name(), "memory, MiB", usage.peak_kib >> 10, bounds_.memory_mib);
    note(node.name(), "store, MiB", usage.store_bytes >> 20, bounds_.store_mib);
    if (usage.descriptors <= bounds_.descriptors) few_descriptors_[i] = now;
    const bool for_long = now - few_descriptors_[i] > kTooManyDescriptors;
    note(node.name(), "descriptors", usage.descriptors,
         for_long ? bounds_.descriptors : ~std::uint64_t{0});
    const std::uint64_t allowed_bytes =
        kFirstLogBytes + bounds_.log_bytes_per_s * (ms_since(began_) / 1'000);
    note(node.name(), "log, bytes", usage.log_bytes - first_log_bytes_[i], allowed_bytes);
    // Whether what is written here goes on to show there.
    const std::int64_t shown = beat_in(nodes_[1 - i]->store(), writers_[i]->name());
    auto& unseen = unseen_[i];
    unseen.emplace_back(now, writers_[i]->beat());
    while (!unseen.empty() && unseen.front().second <= shown) unseen.pop_front();
    note(node.name(), "writes not visible elsewhere for ms",
         unseen.empty() ? 0 : ms_since(unseen.front().first), bounds_.visible_ms);
}

void Watch::ask_loops() {
    // Before and after, so that what delays everybody meanwhile counts.
    const auto before = control_.longest_turn_ms();
    std::array<std::optional<std::uint64_t>, 2> turns;
    for (std::size_t i = 0; i < nodes_.size(); ++i) turns[i] = nodes_[i]->longest_turn_ms();
    const auto after = control_.longest_turn_ms();
    const std::uint64_t control_ms =
        std::max({before.value_or(0), after.value_or(0), scheduler_ms_.load()});
    note("control", "longest turn, ms", control_ms, ~std::uint64_t{0});
    for (std::size_t i = 0; i < nodes_.size(); ++i)
        // One from before the attacks tells nothing of them.
        if (turns[i] && *turns[i] != first_turn_ms_[i])
            note(nodes_[i]->name(), "longest turn, ms", *turns[i], bounds_.loop_ms + control_ms);
}

void Watch::measure_scheduler() {
    const auto before = Clock::now();
    sleep_for_ms(kSchedulerMs);
    const std::uint64_t late_ms = ms_since(before) - kSchedulerMs;
    scheduler_ms_ = std::max(scheduler_ms_.load(), late_ms);
}

void Watch::note(const std::string& node, const std::string& what, std::uint64_t value,
                 std::uint64_t bound) {
    const std::lock_guard lock(mutex_);
    const std::string full = node + ": " + what;
    Worst& worst = worst_[full];
    if (value > worst.value) worst = {value, attack_};
    if (value > bound && !broken_.contains(full))
        broken_[full] =
            std::to_string(value) + " of " + std::to_string(bound) + " during " + attack_;
}

}  // namespace kigumi::hostile
