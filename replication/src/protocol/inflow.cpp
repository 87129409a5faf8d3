#include "inflow.hpp"

namespace kigumi {
namespace {

/// What a message that waits takes beside its bytes.
constexpr std::size_t kOverhead = 64;

}  // namespace

Inflow::Inflow(const ReplicatorOptions& options) : budget_(std::make_shared<PeerBudget>(options)) {}

bool Inflow::admits(std::uint64_t now_ms) {
    if (!waiting_.empty() || !budget_->ready(now_ms)) return false;
    if (budget_->waiting_bytes() == 0) budget_->calm();
    return true;
}

bool Inflow::put_aside(std::string_view message, std::size_t room) {
    const std::size_t size = message.size() + kOverhead;
    if (size <= room && budget_->has_waiting_room(size)) {
        waiting_.emplace_back(message);
        waiting_bytes_ += size;
        budget_->waits(size);
        ++throttled_;
        return true;
    }
    ++dropped_;
    return budget_->dropped(message.size());
}

std::optional<std::string> Inflow::next(std::uint64_t now_ms) {
    if (waiting_.empty() || !budget_->ready(now_ms)) return std::nullopt;
    std::string message = std::move(waiting_.front());
    waiting_.pop_front();
    const std::size_t size = message.size() + kOverhead;
    waiting_bytes_ -= size;
    budget_->waits_no_more(size);
    return message;
}

void Inflow::clear() {
    budget_->waits_no_more(waiting_bytes_);
    waiting_.clear();
    waiting_bytes_ = 0;
}

}  // namespace kigumi
