#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kigumi/replication/replicator.hpp"
#include "request_quota.hpp"

namespace kigumi {

/// Which requests of a bucket have been remembered for long enough.
///
/// Age is counted in time that this node has run since it held the execution, never read from
/// clocks: now and then the bucket's version is noted with the time, and what a note covers has
/// been held for as long as the note is old. A clock in the next century makes nothing old and
/// nothing immortal. The notes survive a restart; the time between does not count.
///
/// A pass looks at all request rows in steps. What it left over the quota of an origin
/// (`RequestQuota`) goes in the next pass, the oldest first.
class RequestTable {
  public:
    RequestTable(const ReplicatorOptions& options, std::vector<HeldVersion> notes);

    /// How long passes are apart.
    static std::uint64_t pause_ms(const ReplicatorOptions& options);

    /// Time passes while the bucket is at `version`. Returns whether there is a new note, to be
    /// stored.
    bool advance(std::uint64_t now_ms, const VersionVector& version);
    const std::vector<HeldVersion>& notes() const { return notes_; }

    /// Where the pass goes on: behind this row.
    const RowKey& place() const { return place_; }
    /// Whether the last pass found requests, or there were some when the node started.
    bool any() const { return any_; }
    bool in_pass() const { return !place_.path.empty(); }
    /// The number of an origin in the order in which this node heard of them.
    using Numbers = std::function<std::uint32_t(const ReplicaId&)>;
    /// Looks at the next row; returns whether it has to be removed by `self`.
    bool expired(const RowKey& at, const Row& row, const ReplicaId& self, const Numbers& numbers);
    /// The step broke off at the last row looked at, or has seen all rows.
    void end_step(bool through);

  private:
    using Execution = RequestQuota::Execution;

    /// The number of the first note that covers a write.
    std::size_t note_of(const Dot& dot) const;
    std::uint64_t held_ms(std::size_t note) const;
    std::size_t most_of(const Execution& execution, const ReplicaId& self) const;

    const ReplicatorOptions& options_;
    std::vector<HeldVersion> notes_;
    std::size_t dropped_notes_ = 0;  ///< keeps their numbers while old ones go
    std::optional<std::uint64_t> advanced_ms_;
    RowKey place_;
    RequestQuota quota_;
    bool found_ = false;  ///< requests, in this pass
    bool any_ = false;    ///< the last pass found requests
};

}  // namespace kigumi
