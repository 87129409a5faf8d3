#include "request_table.hpp"

#include <algorithm>
#include <utility>

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

std::size_t RequestTable::note_of(const Dot& dot) const {
    const auto note = std::find_if(notes_.begin(), notes_.end(), [&dot](const HeldVersion& held) {
        return held.version.covers(dot);
    });
    return static_cast<std::size_t>(note - notes_.begin()) + dropped_notes_;
}

std::uint64_t RequestTable::held_ms(std::size_t note) const {
    const std::size_t at = note - dropped_notes_;
    return at < notes_.size() ? notes_[at].held_ms : 0;
}

std::size_t RequestTable::most_of(const Execution& execution, const ReplicaId& self) const {
    const std::size_t most = options_.request_rows;
    // The origins of what is too many remove it. If some are gone, the others do a little later.
    return execution.dot.origin == self ? most : most + most / 8;
}

bool RequestTable::expired(const RowKey& at, const Row& row, const ReplicaId& self,
                           const Numbers& numbers) {
    place_ = at;
    if (row.removed()) return false;
    bool own = false;
    std::size_t last_note = 0;
    std::vector<Execution> executions;
    for (const Write& write : row) {
        if (write.removed()) continue;
        const bool is_own = write.dot.origin == self;
        // Its own quota is one that nobody can take from a node.
        const std::uint32_t number = is_own ? 0 : numbers(write.dot.origin);
        executions.push_back({number, note_of(write.dot), write.dot});
        last_note = std::max(last_note, executions.back().note);
        own = own || is_own;
    }
    const std::uint64_t limit_ms =
        KIGUMI_DEFECT(kRequestForgottenEarly) ? options_.request_ms / 4 : options_.request_ms;
    if (held_ms(last_note) >= (own ? limit_ms : 2 * limit_ms)) return true;
    // Executed by several, it stays as long as it has room with one of them.
    const bool too_many =
        std::all_of(executions.begin(), executions.end(),
                    [this](const Execution& one) { return quota_.exceeded_by(one); });
    if (too_many) return true;
    for (const Execution& one : executions) quota_.count(one, most_of(one, self));
    found_ = true;
    return false;
}

void RequestTable::end_step(bool through) {
    if (!through) return;
    quota_.end_pass();
    any_ = std::exchange(found_, false);
    place_ = kAllRequests;
}

}  // namespace kigumi
