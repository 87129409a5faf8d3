#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kigumi/replication/replicator.hpp"
#include "rate.hpp"

namespace kigumi {

/// Estimates of what is done for a peer, in units of about a microsecond of the node's thread.
namespace work {
/// To decode a message and find what it is about.
inline constexpr std::uint64_t kMessage = 5;
/// So many bytes that are read or written make one unit.
inline constexpr std::uint64_t kBytesPerUnit = 256;
/// To join a row, or to compare it.
inline constexpr std::uint64_t kRow = 5;
/// To check the proof of a write: 60 µs, of which a node spends none in its loop.
inline constexpr std::uint64_t kProof = 30;
/// To tell of a bucket.
inline constexpr std::uint64_t kBucket = 2;
}  // namespace work

/// What something came to.
struct Cost {
    std::uint64_t bytes = 0;  ///< read, and sent to answer
    std::uint64_t messages = 0;
    std::uint64_t work = 0;  ///< beside that of bytes and messages; see `work`
};

/// What one peer may cost this node: shared by all links on which it has shown the same key, so
/// that more links get it no more.
///
/// Rates are token buckets: a cost may exceed what is there, and the debt has to be earned before
/// anything else is worked on. Memory is counted here and bounded by whoever charges it.
class PeerBudget {
  public:
    explicit PeerBudget(const ReplicatorOptions& options);

    /// Whether a message of the peer may be worked on.
    bool ready(std::uint64_t now_ms);
    void charge(const Cost& cost);
    /// When it is ready, as things stand.
    std::uint64_t ready_at_ms() const;

    /// Messages that wait for their turn: whether so many bytes more may.
    bool has_waiting_room(std::size_t bytes) const {
        return waiting_bytes_ + bytes <= max_waiting_bytes_;
    }
    void waits(std::size_t bytes) { waiting_bytes_ += bytes; }
    void waits_no_more(std::size_t bytes) { waiting_bytes_ -= bytes; }
    std::size_t waiting_bytes() const { return waiting_bytes_; }

    /// A message was thrown away. False if so many were that the peer must mean harm.
    bool dropped(std::size_t bytes);
    /// Nothing had to wait.
    void calm() { dropped_lately_ = dropped_bytes_lately_ = 0; }

    /// Memory that is kept on behalf of the peer for longer than a message takes.
    void charge_memory(std::size_t bytes) { memory_bytes_ += bytes; }
    void release_memory(std::size_t bytes) { memory_bytes_ -= bytes; }
    std::size_t memory_bytes() const { return memory_bytes_; }

    /// All that was done, in units of work, since the start.
    std::uint64_t worked() const { return worked_; }
    /// Whether a new budget would be the same.
    bool rested(std::uint64_t now_ms);

    std::size_t introduced = 0;      ///< empty buckets that are known through the peer only
    std::size_t vector_entries = 0;  ///< remembered of what it has said to hold

  private:
    TokenBucket bytes_;
    TokenBucket messages_;
    TokenBucket work_;
    std::size_t max_waiting_bytes_;
    std::uint64_t abuse_bytes_;
    std::uint64_t abuse_messages_;
    std::size_t waiting_bytes_ = 0;
    std::size_t memory_bytes_ = 0;
    std::uint64_t dropped_lately_ = 0;  ///< since nothing had to wait
    std::uint64_t dropped_bytes_lately_ = 0;
    std::uint64_t worked_ = 0;
};

/// Memory that is charged to a peer for as long as this exists.
class MemoryCharge {
  public:
    MemoryCharge(std::shared_ptr<PeerBudget> budget, std::size_t bytes)
        : budget_(std::move(budget)), bytes_(bytes) {
        budget_->charge_memory(bytes_);
    }
    ~MemoryCharge() { budget_->release_memory(bytes_); }
    MemoryCharge(const MemoryCharge&) = delete;
    MemoryCharge& operator=(const MemoryCharge&) = delete;

  private:
    std::shared_ptr<PeerBudget> budget_;
    std::size_t bytes_;
};

/// The budgets of all peers, by who they are (`PeerPolicy::peer`).
class PeerBudgets {
  public:
    explicit PeerBudgets(const ReplicatorOptions& options) : options_(options) {}

    /// The budget of a peer; a fresh one that nobody shares if `peer` is empty.
    std::shared_ptr<PeerBudget> of(std::string_view peer);
    /// Forgets those that nobody uses and that are as good as new; beyond a bound also others that
    /// nobody uses, the longest unused first. O(peers).
    void forget_rested(std::uint64_t now_ms);
    std::size_t size() const { return budgets_.size(); }

  private:
    struct Entry {
        std::shared_ptr<PeerBudget> budget;
        std::uint64_t unused_ms = 0;  ///< since when; 0: it was in use when last looked at
    };

    const ReplicatorOptions& options_;
    std::map<std::string, Entry, std::less<>> budgets_;
};

}  // namespace kigumi
