#include "request_quota.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "kigumi/crdt/defect.hpp"

namespace kigumi {

bool RequestQuota::Execution::operator<(const Execution& other) const {
    return std::tie(note, dot.counter, dot.origin) <
           std::tie(other.note, other.dot.counter, other.dot.origin);
}

template <class T>
void RequestQuota::Youngest<T>::put(T item, std::size_t most) {
    const auto older_in_front = [](const T& a, const T& b) { return b < a; };
    heap_.push_back(std::move(item));
    std::push_heap(heap_.begin(), heap_.end(), older_in_front);
    if (heap_.size() <= most) return;
    std::pop_heap(heap_.begin(), heap_.end(), older_in_front);
    if (!cutoff_ || *cutoff_ < heap_.back()) cutoff_ = std::move(heap_.back());
    heap_.pop_back();
}

bool RequestQuota::exceeded_by(const Execution& execution) const {
    const auto seat = cutoffs_.find(execution.origin);
    if (seat != cutoffs_.end()) return seat->second && execution.dot.counter <= *seat->second;
    return shared_cutoff_ && !(*shared_cutoff_ < execution);
}

void RequestQuota::count(const Execution& execution, std::size_t most) {
    if (KIGUMI_DEFECT(kRequestsShareOneQuota)) return shared_.put(execution, most);
    seniors_.insert(execution.origin);
    if (seniors_.size() > kOrigins) seniors_.erase(std::prev(seniors_.end()));
    auto seat = seats_.find(execution.origin);
    if (seat == seats_.end() && seats_.size() < kOrigins)
        seat = seats_.try_emplace(execution.origin).first;
    if (seat == seats_.end()) return shared_.put(execution, most);
    seat->second.put(execution.dot.counter, most);
}

void RequestQuota::end_pass() {
    cutoffs_.clear();
    for (const auto& [origin, youngest] : seats_) cutoffs_.emplace(origin, youngest.cutoff());
    // Whose seat another origin had in this pass was counted among the others. It has one from the
    // next pass on; until then nothing of the shared quota goes.
    const bool seated = std::all_of(seniors_.begin(), seniors_.end(), [this](std::uint32_t origin) {
        return cutoffs_.contains(origin);
    });
    shared_cutoff_ =
        seated || KIGUMI_DEFECT(kRequestsShareOneQuota) ? shared_.cutoff() : std::nullopt;
    shared_ = {};
    seats_.clear();
    for (const std::uint32_t origin : seniors_) seats_.try_emplace(origin);
    seniors_.clear();
}

}  // namespace kigumi
