#pragma once

#include <algorithm>
#include <chrono>

#include "kigumi/replication/replicator.hpp"

namespace kigumi {

/// How many rows to fold in one transaction, by how long the last ones took, commits included.
class FoldPace {
  public:
    std::size_t rows(const ReplicatorOptions& options) const {
        return options.fold_ms == 0 ? options.fold_rows : std::min(rows_, options.fold_rows);
    }
    void took(const ReplicatorOptions& options, std::chrono::duration<double, std::milli> time) {
        // Slower at once, faster step by step.
        const auto target_ms = static_cast<double>(options.fold_ms);
        const double factor = std::min(target_ms / std::max(time.count(), 0.01), 2.0);
        const auto next = static_cast<std::size_t>(static_cast<double>(rows(options)) * factor);
        rows_ = std::max(next, kLeast);
    }

  private:
    static constexpr std::size_t kLeast = 32;

    std::size_t rows_ = 256;
};

}  // namespace kigumi
