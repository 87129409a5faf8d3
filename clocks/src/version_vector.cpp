#include "kigumi/clocks/version_vector.hpp"

#include <algorithm>

namespace kigumi {

std::uint64_t VersionVector::operator[](const ReplicaId& origin) const {
    const auto it = entries_.find(origin);
    return it == entries_.end() ? 0 : it->second;
}

void VersionVector::raise(const ReplicaId& origin, std::uint64_t counter) {
    if (counter == 0) return;
    auto& entry = entries_[origin];
    entry = std::max(entry, counter);
}

Dot VersionVector::increment(const ReplicaId& origin) { return Dot{origin, ++entries_[origin]}; }

void VersionVector::merge(const VersionVector& other) {
    auto it = entries_.begin();
    for (const auto& [origin, counter] : other) {
        while (it != entries_.end() && it->first < origin) ++it;
        if (it == entries_.end() || it->first != origin)
            it = entries_.emplace_hint(it, origin, counter);
        else
            it->second = std::max(it->second, counter);
    }
}

bool VersionVector::covers(const VersionVector& other) const {
    if (other.size() > size()) return false;
    auto it = begin();
    return std::all_of(other.begin(), other.end(), [this, &it](const auto& entry) {
        while (it != end() && it->first < entry.first) ++it;
        return it != end() && it->first == entry.first && it->second >= entry.second;
    });
}

void VersionVector::meet(const VersionVector& other) {
    auto theirs = other.begin();
    auto kept = entries_.begin();
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
        while (theirs != other.end() && theirs->first < it->first) ++theirs;
        if (theirs == other.end() || theirs->first != it->first) continue;
        *kept = {it->first, std::min(it->second, theirs->second)};
        ++kept;
    }
    entries_.erase(kept, entries_.end());
}

std::partial_ordering VersionVector::compare(const VersionVector& other) const {
    const bool at_least = covers(other);
    const bool at_most = other.covers(*this);
    if (at_least && at_most) return std::partial_ordering::equivalent;
    if (at_least) return std::partial_ordering::greater;
    if (at_most) return std::partial_ordering::less;
    return std::partial_ordering::unordered;
}

std::uint64_t events_missing(const VersionVector& behind, const VersionVector& ahead) {
    std::uint64_t missing = 0;
    for (const auto& [origin, counter] : ahead) {
        const std::uint64_t seen = behind[origin];
        if (counter > seen) missing += counter - seen;
    }
    return missing;
}

}  // namespace kigumi
