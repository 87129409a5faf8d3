#include "request_table.hpp"

#include <algorithm>

#include "kigumi/crdt/defect.hpp"

namespace kigumi {
namespace {

/// Notes in the time that a request is remembered: it is kept by one part longer at most.
constexpr std::uint64_t kNotes = 16;
constexpr std::uint64_t kPasses = 64;
constexpr std::uint64_t kMaxPauseMs = 60'000;

const RowKey kAllRequests{std::string(kRequestsKey), Type::kRequest, {}};

}  // namespace

RequestTable::RequestTable(const ReplicatorOptions& options, std::vector<HeldVersion> notes)
    : options_(options), notes_(std::move(notes)), place_(kAllRequests), any_(!notes_.empty()) {}

std::uint64_t RequestTable::pause_ms(const ReplicatorOptions& options) {
    return std::clamp<std::uint64_t>(options.request_ms / kPasses, 1, kMaxPauseMs);
}

bool RequestTable::advance(std::uint64_t now_ms, const VersionVector& version) {
    const std::uint64_t elapsed = now_ms - advanced_ms_.value_or(now_ms);
    advanced_ms_ = now_ms;
    for (HeldVersion& note : notes_) note.held_ms += elapsed;
    if (!any_ || (!notes_.empty() && notes_.back().held_ms < options_.request_ms / kNotes))
        return false;
    // What the second note says to be old enough for everybody, the first need not say.
    while (notes_.size() > 1 && notes_[1].held_ms >= 2 * options_.request_ms) {
        notes_.erase(notes_.begin());
        ++dropped_notes_;
    }
    notes_.emplace_back().version = version;
    return true;
}

RequestTable::Rank RequestTable::rank(const Row& row) const {
    Rank last;
    for (const Write& write : row) {
        if (write.removed()) continue;
        const auto note = std::find_if(
            notes_.begin(), notes_.end(),
            [&write](const HeldVersion& held) { return held.version.covers(write.dot); });
        const auto number = static_cast<std::size_t>(note - notes_.begin()) + dropped_notes_;
        last = std::max(last, Rank{number, write.time, write.dot});
    }
    return last;
}

std::uint64_t RequestTable::held_ms(const Rank& rank) const {
    const std::size_t at = rank.note - dropped_notes_;
    return at < notes_.size() ? notes_[at].held_ms : 0;
}

bool RequestTable::expired(const RowKey& at, const Row& row, const ReplicaId& self) {
    place_ = at;
    if (row.removed()) return false;
    const bool own = std::any_of(row.begin(), row.end(), [&self](const Write& write) {
        return write.dot.origin == self && !write.removed();
    });
    const Rank age = rank(row);
    const std::uint64_t limit_ms =
        KIGUMI_DEFECT(kRequestForgottenEarly) ? options_.request_ms / 4 : options_.request_ms;
    if (held_ms(age) >= (own ? limit_ms : 2 * limit_ms)) return true;
    const auto& too_many = own ? own_cutoff_ : cutoff_;
    if (too_many && age <= *too_many) return true;
    kept_.push_back(age);
    return false;
}

void RequestTable::end_step(bool through) {
    if (!through) return;
    // The origins of what is too many remove it. If some are gone, the others do a little later.
    own_cutoff_ = cutoff(options_.request_rows);
    cutoff_ = cutoff(options_.request_rows + options_.request_rows / 8);
    any_ = !kept_.empty();
    kept_.clear();
    place_ = kAllRequests;
}

std::optional<RequestTable::Rank> RequestTable::cutoff(std::size_t most) {
    if (kept_.size() <= most) return std::nullopt;
    const auto last = kept_.begin() + static_cast<std::ptrdiff_t>(kept_.size() - most) - 1;
    std::nth_element(kept_.begin(), last, kept_.end());
    return *last;
}

}  // namespace kigumi
