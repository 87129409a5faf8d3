#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "hostile/attack.hpp"
#include "hostile/checks.hpp"
#include "hostile/watch.hpp"

namespace kigumi::hostile {

/// What came of a round.
struct Outcome {
    std::uint64_t attacks = 0;
    Findings broken;
    std::vector<std::string> worst;
};

/// Starts two honest nodes with writers, and one beside them that nobody attacks; lets a peer with
/// `right` do what it likes for so long, in an order that the seed decides; then checks that it has
/// done no harm and that nothing of it is left once its key is off the list.
Outcome run_round(const std::filesystem::path& directory, Right right,
                  const std::vector<Attack>& attacks, std::chrono::seconds how_long,
                  std::uint64_t seed, const Bounds& bounds);

}  // namespace kigumi::hostile
