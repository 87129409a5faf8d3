#include "replicator_core.hpp"

/// What peers are told in each round.
namespace kigumi {
namespace {

/// To each link in a round: buckets in which it is not known to be as far as we are,
constexpr std::size_t kUnsettledSlice = 1'024;
/// and others, in case that what was said has been lost.
constexpr std::size_t kQuietSlice = 64;
/// Between two walks through those, if there are few.
constexpr unsigned kQuietRounds = 4;
/// Buckets that are looked at after a greeting, in one turn of the loop.
constexpr std::size_t kTellSlice = 1'024;

}  // namespace

bool Replicator::Core::settled(const Peering& peering, const Bucket& bucket) {
    return peering.known && peering.said_change == bucket.version_changes &&
           peering.acknowledged == bucket.version;
}

/// A link with nothing to say for a while gets a sign of life.
void Replicator::Core::begin_round(std::uint64_t now_ms) {
    for (auto& [id, link] : links_) {
        if (!link.up) continue;
        repeat_heads(link);
        // A second link to a replica carries nothing else, and would fall silent at one end.
        if (!preferred(link) || !owe_round(link, now_ms)) send(link, wire::Digest{});
    }
}

bool Replicator::Core::owe_round(Link& link, std::uint64_t now_ms) {
    const bool unsettled = retell_unsettled(link, now_ms);
    return retell_quiet(link, now_ms) || unsettled;
}

bool Replicator::Core::retell_unsettled(Link& link, std::uint64_t now_ms) {
    auto& unsettled = link.buckets.agenda().unsettled;
    bool any = false;
    auto it = unsettled.upper_bound(link.unsettled_from);
    for (std::size_t left = std::min(unsettled.size(), kUnsettledSlice); left > 0; --left) {
        if (it == unsettled.end()) it = unsettled.begin();
        const std::string name(*it);
        Peering& peering = link.buckets[name];
        const auto bucket = buckets_.find(name);
        if (bucket == buckets_.end() || settled(peering, bucket->second) ||
            !link.rights(name).read) {
            it = unsettled.erase(it);
            continue;
        }
        ++it;
        link.unsettled_from = name;
        // What stopped pushes may have gone: a breaker, or another link.
        peering.look_at();
        peering.owe_digest(now_ms);
        // A bucket that neither side is known to have is not told of.
        any = any || peering.known || !bucket->second.version.empty();
    }
    return any;
}

bool Replicator::Core::retell_quiet(Link& link, std::uint64_t now_ms) {
    if (link.quiet_from.empty() && link.quiet_pause > 0) {
        --link.quiet_pause;
        return false;
    }
    bool any = false;
    auto it = buckets_.upper_bound(link.quiet_from);
    for (std::size_t left = kQuietSlice; left > 0 && it != buckets_.end(); --left, ++it) {
        auto& [name, bucket] = *it;
        link.quiet_from = name;
        if (!link.rights(name).read) continue;
        Peering& peering = link.buckets[name];
        if (peering.known && peering.audit_at_ms == 0 && audits(link))
            peering.audit_at_ms = first_audit_ms(link, bucket, now_ms);
        peering.owe_digest(now_ms);
        if (!settled(peering, bucket)) peering.look_at();
        any = any || peering.known || !bucket.version.empty();
    }
    if (it == buckets_.end()) {
        link.quiet_from.clear();
        link.quiet_pause = kQuietRounds - 1;
    }
    return any;
}

void Replicator::Core::go_on_telling(Link& link, std::uint64_t now_ms) {
    if (!link.tell_from) return;
    auto it = buckets_.upper_bound(*link.tell_from);
    for (std::size_t left = kTellSlice; left > 0 && it != buckets_.end(); --left, ++it) {
        link.tell_from = it->first;
        if (!link.rights(it->first).read) continue;
        Peering& peering = link.buckets[it->first];
        peering.owe_digest(now_ms);
        peering.look_at();
    }
    if (it == buckets_.end()) link.tell_from.reset();
}

}  // namespace kigumi
