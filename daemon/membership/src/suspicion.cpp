#include "suspicion.hpp"

#include <algorithm>
#include <cmath>

namespace kigumi::membership {

std::size_t wanted_confirmations(const MembershipOptions& options, std::size_t live) {
    // Neither the suspect nor its first accuser can confirm, and of the others half may be slow to.
    return options.lifeguard ? std::min(options.confirmations, (live - 1) / 2) : 0;
}

std::uint64_t suspicion_ms(const MembershipOptions& options, const Suspicion& suspicion,
                           std::size_t live) {
    const double size = std::max(1.0, std::log10(static_cast<double>(live)));
    const double shortest = options.suspicion_factor * size * static_cast<double>(options.probe_ms);
    const std::size_t wanted = wanted_confirmations(options, live);
    if (wanted == 0) return static_cast<std::uint64_t>(shortest);
    const double longest = shortest * options.suspicion_max_factor;
    const auto confirmations = static_cast<double>(suspicion.accusers.size()) - 1;
    const double agreed = std::log(confirmations + 1) / std::log(static_cast<double>(wanted) + 1);
    return static_cast<std::uint64_t>(std::max(shortest, longest - (longest - shortest) * agreed));
}

}  // namespace kigumi::membership
