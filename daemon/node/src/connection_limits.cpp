#include "connection_limits.hpp"

#include <algorithm>

namespace kigumi {
namespace {

/// The store, the library's own, HTTP, backups.
constexpr std::uint64_t kOwn = 384;
/// Dialled ones, and those that have been accepted since the last look.
constexpr std::uint64_t kSpare = 512;

}  // namespace

std::uint64_t wanted_descriptors() {
    const ConnectionLimits whole;
    return kOwn + kSpare + whole.accepted + whole.silent;
}

ConnectionLimits limits_within(std::uint64_t descriptors) {
    const ConnectionLimits whole;
    if (descriptors >= wanted_descriptors()) return whole;
    // A process with few of them uses few itself.
    const auto room = static_cast<std::size_t>(descriptors - std::min(descriptors / 2, kOwn));
    ConnectionLimits limits;
    limits.accepted = std::clamp(room / 2, std::size_t{16}, whole.accepted);
    limits.of_key = std::clamp(limits.accepted / 4, std::size_t{8}, whole.of_key);
    limits.silent = std::clamp(room / 4, std::size_t{16}, whole.silent);
    limits.silent_of_range = std::min(limits.silent * 3 / 4, whole.silent_of_range);
    limits.silent_of_host = std::min(limits.silent / 2, whole.silent_of_host);
    return limits;
}

}  // namespace kigumi
