#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "kigumi/replication/replicator.hpp"

namespace kigumi {

/// Limits what the holder of one key can make a node log: a token bucket for each event and one for
/// all events together. What was left out is counted and told. Debug notes pass. Used by one
/// thread.
class NoteLimiter {
  public:
    /// Whether to log a note that the holder of `key` has caused; empty: of no peer in particular,
    /// where only an event that repeats itself very fast is limited. Shortens its detail.
    bool admits(Effects::Note& note, const std::string& key, std::uint64_t now_ms);
    /// What was left out since it was told last; nothing if that is not long ago.
    std::vector<Effects::Note> left_out(std::uint64_t now_ms);

  private:
    /// Holds up to `size` tokens and gains one every `every_ms`.
    struct TokenBucket {
        std::uint64_t spent = 0;
        std::uint64_t gained_ms = 0;
        bool has_token(std::uint64_t size, std::uint64_t every_ms, std::uint64_t now_ms);
    };
    struct Source {
        TokenBucket all;
        std::map<std::string, TokenBucket> events;
        std::uint64_t left_out = 0;
        std::set<std::string> left_out_events;
        Effects::Note::Level left_out_level = Effects::Note::Level::kInfo;
        std::uint64_t heard_ms = 0;
    };

    std::map<std::string, Source> sources_;  ///< by key
    std::uint64_t told_ms_ = 0;
};

}  // namespace kigumi
