#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "kigumi/clocks/version_vector.hpp"
#include "messages.hpp"

/// Version vectors told as what differs from one that both sides know, so that a message of a
/// cluster with a thousand origins carries the few that changed. The state machine sees whole
/// vectors only: what cannot be resolved counts as lost, and is asked for.
namespace kigumi {

/// A vector and the name that follows from its entries, which is never 0: two sides that use one
/// name mean one vector, whatever was lost between them.
struct NamedVersion {
    explicit NamedVersion(VersionVector named);

    VersionVector version;
    std::uint64_t name;
};

/// How `to` differs from `from`. O(n).
wire::VersionChange change_between(const NamedVersion& from, const VersionVector& to);
/// The vector that a change makes of `from`. O(n).
VersionVector changed(const VersionVector& from, const wire::VersionChange& change);

/// What was said on a link that the other side may refer to: the last few vectors, and not of every
/// moment, so that they reach back for seconds.
class SaidVersions {
  public:
    static constexpr std::size_t kKept = 8;
    static constexpr std::uint64_t kPauseMs = 250;

    /// Whether it is time for another one.
    bool due(std::uint64_t now_ms) const { return kept_.empty() || last_ms_ + kPauseMs <= now_ms; }
    void keep(const std::shared_ptr<const NamedVersion>& version, std::uint64_t now_ms);
    /// What a change refers to; null if it is not known (any more).
    const NamedVersion* find(std::uint64_t name) const;

  private:
    std::vector<std::shared_ptr<const NamedVersion>> kept_;
    std::uint64_t last_ms_ = 0;
};

}  // namespace kigumi
