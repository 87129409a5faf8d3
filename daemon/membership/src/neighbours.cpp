#include "kigumi/daemon/neighbours.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace kigumi {
namespace {

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

/// The same on all machines: the bytes of an id, most significant first.
std::uint64_t half(const ReplicaId& id, std::size_t from) {
    std::uint64_t value = 0;
    for (std::size_t i = from; i < from + 8; ++i)
        value = value << 8 | static_cast<std::uint8_t>(id.bytes()[i]);
    return value;
}

std::uint64_t hash(const ReplicaId& id, std::uint64_t seed) {
    constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;
    return mixed(mixed(mixed(seed + kGolden) ^ half(id, 0)) + half(id, 8));
}

using Place = std::pair<std::uint64_t, ReplicaId>;

/// The places just before and behind that of `self`, around the ring.
void add_ring(const ReplicaId& self, const std::vector<ReplicaId>& others, std::uint64_t ring,
              std::vector<ReplicaId>& chosen) {
    const Place at(hash(self, ring), self);
    Place first(std::numeric_limits<std::uint64_t>::max(), {});
    Place last(0, {});
    Place before = last;
    Place behind = first;
    bool any_before = false;
    bool any_behind = false;
    for (const ReplicaId& other : others) {
        const Place place(hash(other, ring), other);
        if (&other == &others.front() || place < first) first = place;
        if (&other == &others.front() || last < place) last = place;
        if (place < at) {
            if (!any_before || before < place) before = place;
            any_before = true;
        } else {
            if (!any_behind || place < behind) behind = place;
            any_behind = true;
        }
    }
    chosen.push_back((any_before ? before : last).second);
    chosen.push_back((any_behind ? behind : first).second);
}

/// Those with the highest hash of the pair (Thaler and Ravishankar, "A Name-Based Mapping Scheme
/// for Rendezvous", 1996): leaves are spread evenly, and only those of a lost master move.
std::vector<ReplicaId> highest(const ReplicaId& self, std::vector<ReplicaId> masters,
                               std::size_t count) {
    const std::uint64_t own = hash(self, 0);
    const auto rank = [own](const ReplicaId& id) { return Place(hash(id, own), id); };
    const auto end = masters.begin() + static_cast<std::ptrdiff_t>(std::min(count, masters.size()));
    std::partial_sort(
        masters.begin(), end, masters.end(),
        [&rank](const ReplicaId& a, const ReplicaId& b) { return rank(b) < rank(a); });
    masters.erase(end, masters.end());
    return masters;
}

void make_set(std::vector<ReplicaId>& ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

}  // namespace

std::vector<ReplicaId> choose_neighbours(const Candidate& self, const std::vector<Candidate>& alive,
                                         const NeighbourOptions& options) {
    std::vector<ReplicaId> masters;
    for (const Candidate& candidate : alive)
        if (!candidate.leaf && candidate.replica != self.replica)
            masters.push_back(candidate.replica);
    make_set(masters);
    if (masters.empty()) return masters;
    if (self.leaf) {
        masters = highest(self.replica, std::move(masters), options.leaf_masters);
        make_set(masters);
        return masters;
    }
    if (masters.size() + 1 <= options.mesh_max) return masters;
    std::vector<ReplicaId> chosen;
    for (std::uint64_t ring = 1; ring <= options.rings; ++ring)
        add_ring(self.replica, masters, ring, chosen);
    make_set(chosen);
    return chosen;
}

Neighbours::Neighbours(Candidate self, NeighbourOptions options) : self_(self), options_(options) {}

void Neighbours::update(const std::vector<Candidate>& alive, std::uint64_t now_ms) {
    const std::vector<ReplicaId> choice = choose_neighbours(self_, alive, options_);
    std::set<ReplicaId> chosen(choice.begin(), choice.end());
    for (const ReplicaId& former : chosen_)
        if (!chosen.contains(former)) lingering_[former] = now_ms + options_.linger_ms;
    chosen_ = std::move(chosen);
    std::set<ReplicaId> known;
    for (const Candidate& candidate : alive) known.insert(candidate.replica);
    std::erase_if(lingering_, [&](const auto& entry) {
        return chosen_.contains(entry.first) || !known.contains(entry.first);
    });
    tick(now_ms);
}

void Neighbours::tick(std::uint64_t now_ms) {
    std::erase_if(lingering_, [now_ms](const auto& entry) { return entry.second <= now_ms; });
}

std::set<ReplicaId> Neighbours::wanted() const {
    std::set<ReplicaId> wanted = chosen_;
    for (const auto& [replica, until_ms] : lingering_) wanted.insert(replica);
    return wanted;
}

std::uint64_t Neighbours::next_wakeup() const {
    std::uint64_t at = std::numeric_limits<std::uint64_t>::max();
    for (const auto& [replica, until_ms] : lingering_) at = std::min(at, until_ms);
    return at;
}

}  // namespace kigumi
