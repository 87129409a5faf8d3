#include "kigumi/clocks/hlc.hpp"

#include <algorithm>

namespace kigumi {

Hlc HlcClock::tick(std::uint64_t wall_ms) {
    // The logical count carries into the milliseconds when one of them holds more than 65,536
    // ticks.
    last_ = std::max(Hlc::at_ms(wall_ms), Hlc{last_.bits + 1});
    return last_;
}

std::uint64_t HlcClock::observe(Hlc remote, std::uint64_t wall_ms) {
    const Hlc bound{Hlc::at_ms(wall_ms + kMaxDriftMs).bits | 0xFFFF};
    last_ = std::max(last_, std::min(remote, bound));
    return remote > bound ? remote.ms() - bound.ms() : 0;
}

}  // namespace kigumi
