#include "inflow.hpp"

#include <algorithm>

namespace kigumi {
namespace {

/// A peer that goes on for so many seconds' worth of the rate while it is thrown away means harm.
constexpr std::uint64_t kAbuseSeconds = 10;
/// What a message that waits takes beside its bytes.
constexpr std::size_t kOverhead = 64;

}  // namespace

Inflow::Inflow(const ReplicatorOptions& options)
    : bytes_(options.link_bytes_per_s),
      messages_(options.link_messages_per_s),
      max_waiting_bytes_(options.link_waiting_bytes),
      abuse_bytes_(options.link_bytes_per_s * kAbuseSeconds),
      abuse_messages_(options.link_messages_per_s * kAbuseSeconds) {}

bool Inflow::admits(std::uint64_t now_ms) {
    if (!waiting_.empty() || !ready(now_ms)) return false;
    dropped_lately_ = dropped_bytes_lately_ = 0;
    return true;
}

bool Inflow::put_aside(std::string_view message, std::size_t room) {
    const std::size_t size = message.size() + kOverhead;
    if (size <= room && waiting_bytes_ + size <= max_waiting_bytes_) {
        waiting_.emplace_back(message);
        waiting_bytes_ += size;
        ++throttled_;
        return true;
    }
    ++dropped_;
    ++dropped_lately_;
    dropped_bytes_lately_ += message.size();
    return dropped_lately_ <= abuse_messages_ && dropped_bytes_lately_ <= abuse_bytes_;
}

std::optional<std::string> Inflow::next(std::uint64_t now_ms) {
    if (waiting_.empty() || !ready(now_ms)) return std::nullopt;
    std::string message = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= message.size() + kOverhead;
    return message;
}

void Inflow::charge(std::size_t bytes) {
    bytes_.take(bytes);
    messages_.take(1);
}

void Inflow::clear() {
    waiting_.clear();
    waiting_bytes_ = 0;
}

std::uint64_t Inflow::ready_at_ms() const {
    return std::max(bytes_.ready_at_ms(), messages_.ready_at_ms());
}

}  // namespace kigumi
