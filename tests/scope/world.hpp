#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "scope.hpp"

namespace kigumi::scope {

/// Everything at one moment, by the numbers that the lab gave.
struct World {
    std::array<std::uint32_t, kMaxReplicas> sites{};
    std::array<std::uint32_t, kMaxFlights>
        flights{};  ///< each once, highest first; 0: a free place
    std::uint32_t session = 0;
    std::uint32_t ops_left = 0;
    bool operator==(const World&) const = default;
};

/// The worlds that were reached, each once, in the order they were, and which each was reached
/// from. About 50 bytes for each.
class Worlds {
  public:
    Worlds() : slots_(1U << 16U) {}

    /// Whether the world is new.
    bool add(const World& world, std::uint32_t parent) {
        if (worlds_.size() * 2 > slots_.size()) grow();
        std::uint32_t& slot = slot_of(world);
        if (slot != 0) return false;
        worlds_.push_back(world);
        parents_.push_back(parent);
        slot = static_cast<std::uint32_t>(worlds_.size());
        return true;
    }
    const World& operator[](std::size_t index) const { return worlds_[index]; }
    std::uint32_t parent(std::size_t index) const { return parents_[index]; }
    std::size_t size() const { return worlds_.size(); }

  private:
    std::uint32_t& slot_of(const World& world) {
        for (std::size_t at = hash(world);; ++at) {
            std::uint32_t& slot = slots_[at & (slots_.size() - 1)];
            if (slot == 0 || worlds_[slot - 1] == world) return slot;
        }
    }
    static std::size_t hash(const World& world) {
        std::uint64_t hash = world.session * 31ULL + world.ops_left;
        const auto mix = [&hash](std::uint64_t part) {
            hash = (hash ^ part) * 0x9E3779B97F4A7C15;
            hash ^= hash >> 29U;
        };
        for (const std::uint32_t site : world.sites) mix(site);
        for (const std::uint32_t flight : world.flights) mix(flight);
        return hash;
    }
    void grow() {
        slots_.assign(slots_.size() * 2, 0);
        for (std::size_t i = 0; i < worlds_.size(); ++i)
            slot_of(worlds_[i]) = static_cast<std::uint32_t>(i + 1);
    }

    std::vector<World> worlds_;
    std::vector<std::uint32_t> parents_;
    std::vector<std::uint32_t> slots_;  ///< index + 1 into `worlds_`
};

}  // namespace kigumi::scope
