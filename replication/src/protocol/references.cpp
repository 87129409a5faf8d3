#include "references.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>

namespace kigumi {
namespace {

std::uint64_t name_of(const VersionVector& version) {
    std::string bytes;
    bytes.reserve(version.size() * (ReplicaId::kSize + sizeof(std::uint64_t)));
    for (const auto& [origin, counter] : version) {
        bytes.append(origin.bytes());
        for (int shift = 56; shift >= 0; shift -= 8)
            bytes.push_back(static_cast<char>(counter >> shift));
    }
    return std::max<std::uint64_t>(XXH3_64bits(bytes.data(), bytes.size()), 1);
}

}  // namespace

NamedVersion::NamedVersion(VersionVector named)
    : version(std::move(named)), name(name_of(version)) {}

wire::VersionChange change_between(const NamedVersion& from, const VersionVector& to) {
    wire::VersionChange change{from.name, {}};
    auto old = from.version.begin();
    const auto old_end = from.version.end();
    for (const auto& [origin, counter] : to) {
        for (; old != old_end && old->first < origin; ++old)
            change.entries.emplace_back(old->first, 0);
        const bool both = old != old_end && old->first == origin;
        if (!both || old->second != counter) change.entries.emplace_back(origin, counter);
        if (both) ++old;
    }
    for (; old != old_end; ++old) change.entries.emplace_back(old->first, 0);
    return change;
}

VersionVector changed(const VersionVector& from, const wire::VersionChange& change) {
    VersionVector to;
    auto old = from.begin();
    for (const auto& [origin, counter] : change.entries) {
        for (; old != from.end() && old->first < origin; ++old) to.raise(old->first, old->second);
        if (old != from.end() && old->first == origin) ++old;
        to.raise(origin, counter);
    }
    for (; old != from.end(); ++old) to.raise(old->first, old->second);
    return to;
}

void SaidVersions::keep(const std::shared_ptr<const NamedVersion>& version, std::uint64_t now_ms) {
    last_ms_ = now_ms;
    if (!kept_.empty() && kept_.back()->name == version->name) return;
    kept_.push_back(version);
    if (kept_.size() > kKept) kept_.erase(kept_.begin());
}

const NamedVersion* SaidVersions::find(std::uint64_t name) const {
    const auto it = std::find_if(kept_.begin(), kept_.end(),
                                 [name](const auto& version) { return version->name == name; });
    return it == kept_.end() ? nullptr : it->get();
}

}  // namespace kigumi
