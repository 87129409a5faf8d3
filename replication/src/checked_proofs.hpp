#pragma once

#include <mutex>
#include <set>

#include "signatures.hpp"

namespace kigumi {

/// Proofs that were found sound lately, so that a write that comes again, or by another way, costs
/// a hash (about 1 µs) instead of a check (about 60 µs). Any thread.
class CheckedProofs {
  public:
    bool contains(const ProofDigest& digest) const {
        const std::lock_guard lock(mutex_);
        return recent_.contains(digest) || older_.contains(digest);
    }
    void add(const ProofDigest& digest) {
        const std::lock_guard lock(mutex_);
        if (recent_.size() >= kGeneration) older_ = std::exchange(recent_, {});
        recent_.insert(digest);
    }

  private:
    /// Two of them take some 4 MiB, and hold what a link may have checked in two seconds.
    static constexpr std::size_t kGeneration = 32'768;

    mutable std::mutex mutex_;
    std::set<ProofDigest> recent_;
    std::set<ProofDigest> older_;
};

}  // namespace kigumi
