#include "peer_budget.hpp"

#include <algorithm>

namespace kigumi {
namespace {

/// A peer that goes on for so many seconds' worth of the rate while it is thrown away means harm.
constexpr std::uint64_t kAbuseSeconds = 10;
/// The work that may be done at once: no other peer waits longer for this one.
constexpr std::uint64_t kWorkBurstMs = 200;
/// Budgets of peers without a link.
constexpr std::size_t kMaxUnused = 1'024;

}  // namespace

PeerBudget::PeerBudget(const ReplicatorOptions& options)
    : bytes_(options.link_bytes_per_s),
      messages_(options.link_messages_per_s),
      work_(options.peer_work_per_s, kWorkBurstMs),
      max_waiting_bytes_(options.link_waiting_bytes),
      abuse_bytes_(options.link_bytes_per_s * kAbuseSeconds),
      abuse_messages_(options.link_messages_per_s * kAbuseSeconds) {}

bool PeerBudget::ready(std::uint64_t now_ms) {
    const bool bytes = bytes_.ready(now_ms);
    const bool messages = messages_.ready(now_ms);
    return work_.ready(now_ms) && bytes && messages;
}

void PeerBudget::charge(const Cost& cost) {
    const std::uint64_t done =
        cost.work + cost.messages * work::kMessage + cost.bytes / work::kBytesPerUnit;
    bytes_.take(cost.bytes);
    messages_.take(cost.messages);
    work_.take(done);
    worked_ += done;
}

std::uint64_t PeerBudget::ready_at_ms() const {
    return std::max({bytes_.ready_at_ms(), messages_.ready_at_ms(), work_.ready_at_ms()});
}

bool PeerBudget::dropped(std::size_t bytes) {
    ++dropped_lately_;
    dropped_bytes_lately_ += bytes;
    return dropped_lately_ <= abuse_messages_ && dropped_bytes_lately_ <= abuse_bytes_;
}

bool PeerBudget::rested(std::uint64_t now_ms) {
    const bool bytes = bytes_.full(now_ms);
    const bool messages = messages_.full(now_ms);
    return work_.full(now_ms) && bytes && messages && memory_bytes_ == 0 && introduced == 0;
}

std::shared_ptr<PeerBudget> PeerBudgets::of(std::string_view peer) {
    if (peer.empty()) return std::make_shared<PeerBudget>(options_);
    const auto it = budgets_.find(peer);
    if (it != budgets_.end()) return it->second.budget;
    auto budget = std::make_shared<PeerBudget>(options_);
    budgets_.emplace(peer, Entry{budget});
    return budget;
}

void PeerBudgets::forget_rested(std::uint64_t now_ms) {
    using Position = decltype(budgets_)::iterator;
    std::vector<std::pair<std::uint64_t, Position>> unused;
    for (auto it = budgets_.begin(); it != budgets_.end();) {
        Entry& entry = it->second;
        if (entry.budget.use_count() > 1) {
            entry.unused_ms = 0;
        } else if (entry.budget->rested(now_ms)) {
            it = budgets_.erase(it);
            continue;
        } else {
            if (entry.unused_ms == 0) entry.unused_ms = std::max<std::uint64_t>(now_ms, 1);
            unused.emplace_back(entry.unused_ms, it);
        }
        ++it;
    }
    if (unused.size() <= kMaxUnused) return;
    std::stable_sort(unused.begin(), unused.end(),
                     [](const auto& one, const auto& other) { return one.first < other.first; });
    for (std::size_t i = 0; i < unused.size() - kMaxUnused; ++i) budgets_.erase(unused[i].second);
}

}  // namespace kigumi
