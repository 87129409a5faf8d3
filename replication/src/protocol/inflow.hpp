#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "kigumi/replication/status.hpp"
#include "rate.hpp"

namespace kigumi {

/// What comes in on a link. As much as its rate allows is worked on at once; some more waits in
/// order; the rest is thrown away, as if the network had lost it.
class Inflow {
  public:
    explicit Inflow(const ReplicatorOptions& options);

    /// Whether a message may be worked on at once.
    bool admits(std::uint64_t now_ms);
    /// Keeps one that may not, if there is room for it; `room`: bytes that may wait on all links
    /// together. False if so much was thrown away that the peer must mean harm.
    bool put_aside(std::string_view message, std::size_t room);
    /// A message that has waited and whose turn has come.
    std::optional<std::string> next(std::uint64_t now_ms);
    /// What the work on one message came to, in bytes read and written for it.
    void charge(std::size_t bytes);
    /// Work that is not that of another message.
    void charge_bytes(std::size_t bytes) { bytes_.take(bytes); }
    void clear();

    bool empty() const { return waiting_.empty(); }
    std::size_t bytes() const { return waiting_bytes_; }
    std::uint64_t ready_at_ms() const;
    std::uint64_t throttled() const { return throttled_; }
    std::uint64_t dropped() const { return dropped_; }

  private:
    bool ready(std::uint64_t now_ms) { return bytes_.ready(now_ms) && messages_.ready(now_ms); }

    TokenBucket bytes_;
    TokenBucket messages_;
    std::size_t max_waiting_bytes_;
    std::uint64_t abuse_bytes_;
    std::uint64_t abuse_messages_;
    std::deque<std::string> waiting_;
    std::size_t waiting_bytes_ = 0;
    std::uint64_t throttled_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t dropped_lately_ = 0;  ///< since nothing had to wait
    std::uint64_t dropped_bytes_lately_ = 0;
};

}  // namespace kigumi
