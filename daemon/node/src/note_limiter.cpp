#include "note_limiter.hpp"

#include <algorithm>
#include <utility>

namespace kigumi {
namespace {

using Level = Effects::Note::Level;

struct Rate {
    std::uint64_t burst;
    std::uint64_t every_ms;
};

/// Enough to see a peer come, go and fail some times; a peer that does so for hours is one line
/// every few seconds.
constexpr Rate kOfEvent{20, 5'000};
constexpr Rate kOfKey{60, 2'000};
/// Of no key: what this node does by itself.
constexpr Rate kOfOwnEvent{200, 500};
constexpr Rate kOwn{500, 100};
constexpr std::uint64_t kTellEveryMs = 5'000;
constexpr std::uint64_t kForgetMs = 600'000;
constexpr std::size_t kMaxDetail = 1'024;

}  // namespace

bool NoteLimiter::TokenBucket::has_token(std::uint64_t size, std::uint64_t every_ms,
                                         std::uint64_t now_ms) {
    const std::uint64_t gained = (now_ms - std::min(now_ms, gained_ms)) / every_ms;
    spent -= std::min(spent, gained);
    gained_ms = spent == 0 ? now_ms : gained_ms + gained * every_ms;
    return spent < size;
}

bool NoteLimiter::admits(Effects::Note& note, const std::string& key, std::uint64_t now_ms) {
    if (note.level == Level::kDebug) return true;
    if (note.detail.size() > kMaxDetail) {
        note.detail.resize(kMaxDetail);
        note.detail += "...";
    }
    Source& source = sources_[key];
    source.heard_ms = now_ms;
    const Rate of_event = key.empty() ? kOfOwnEvent : kOfEvent;
    const Rate of_all = key.empty() ? kOwn : kOfKey;
    TokenBucket& event = source.events[note.event];
    if (event.has_token(of_event.burst, of_event.every_ms, now_ms) &&
        source.all.has_token(of_all.burst, of_all.every_ms, now_ms)) {
        ++event.spent;
        ++source.all.spent;
        return true;
    }
    ++source.left_out;
    source.left_out_events.insert(note.event);
    if (note.level == Level::kWarning) source.left_out_level = note.level;
    return false;
}

std::vector<Effects::Note> NoteLimiter::left_out(std::uint64_t now_ms) {
    std::vector<Effects::Note> notes;
    if (now_ms < told_ms_ + kTellEveryMs) return notes;
    told_ms_ = now_ms;
    for (auto& [key, source] : sources_) {
        if (source.left_out == 0) continue;
        std::string events;
        for (const std::string& event : source.left_out_events)
            events += (events.empty() ? "" : ",") + event;
        notes.push_back({source.left_out_level, "log.left_out",
                         (key.empty() ? "" : "key=" + key + " ") +
                             "count=" + std::to_string(std::exchange(source.left_out, 0)) +
                             " events=" + events});
        source.left_out_events.clear();
        source.left_out_level = Level::kInfo;
    }
    std::erase_if(sources_, [now_ms](const auto& entry) {
        return entry.second.heard_ms + kForgetMs < now_ms;
    });
    return notes;
}

}  // namespace kigumi
