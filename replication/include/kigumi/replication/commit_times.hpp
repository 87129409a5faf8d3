#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "kigumi/clocks/export.hpp"

namespace kigumi::kv {

/// How long commits took until they were durable (written and synced), or until they failed: a
/// histogram.
struct KIGUMI_API CommitTimes {
    /// The upper bounds of the classes but the last, in microseconds.
    static constexpr std::array<std::uint64_t, 13> kBoundsUs = {
        100,    250,    500,     1'000,   2'500,     5'000,    10'000,
        25'000, 50'000, 100'000, 250'000, 1'000'000, 5'000'000};

    std::array<std::uint64_t, kBoundsUs.size() + 1> counts{};  ///< by class
    std::uint64_t sum_us = 0;
    std::uint64_t failed = 0;  ///< of them, those that failed

    void add(std::chrono::nanoseconds took, bool ok);
};

/// Those of this process, over all LMDB environments that it has or had open. Thread-safe.
KIGUMI_API CommitTimes commit_times();
/// Counts one. Thread-safe.
KIGUMI_API void count_commit(std::chrono::nanoseconds took, bool ok);

}  // namespace kigumi::kv
