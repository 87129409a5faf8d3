#include "breaker.hpp"

namespace kigumi {

std::uint64_t Breaker::not_before_ms() const {
    if (state_ == BreakerState::kClosed) return 0;
    return state_ == BreakerState::kOpen ? until_ms_ : ~std::uint64_t{0};
}

void Breaker::asked() {
    if (state_ == BreakerState::kOpen) state_ = BreakerState::kHalfOpen;
}

void Breaker::succeeded() {
    if (state_ == BreakerState::kClosed) {
        rate_ -= limits_.weight * rate_;
        return;
    }
    state_ = BreakerState::kClosed;
    rate_ = 0;
    pause_.reset();
}

void Breaker::failed(std::uint64_t now_ms, std::uint64_t random) {
    rate_ += limits_.weight * (1 - rate_);
    // What was asked before it opened says nothing new.
    if (state_ == BreakerState::kOpen) return;
    if (state_ == BreakerState::kClosed && rate_ < limits_.threshold) return;
    if (state_ == BreakerState::kClosed) ++opened_;
    state_ = BreakerState::kOpen;
    until_ms_ = now_ms + pause_.next_ms(random);
}

bool Breaker::rest(std::uint64_t now_ms) {
    if (state_ != BreakerState::kOpen || now_ms < until_ms_) return false;
    state_ = BreakerState::kClosed;
    rate_ = limits_.threshold * (1 - limits_.weight);
    return true;
}

void Breaker::undecided() {
    if (state_ == BreakerState::kHalfOpen) state_ = BreakerState::kOpen;
}

}  // namespace kigumi
