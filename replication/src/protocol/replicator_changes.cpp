#include "replicator_core.hpp"

/// Vectors told as what differs from those that the peer has said.
namespace kigumi {
namespace {

/// After a reference that was not known: links so slow that references age on their way fare better
/// without.
constexpr std::uint64_t kWholeMs = 10'000;
/// Of many messages that refer to one lost vector, the first asks.
constexpr std::uint64_t kSayWholePauseMs = 200;

}  // namespace

std::shared_ptr<const NamedVersion> Replicator::Core::name(
    std::shared_ptr<const NamedVersion>& last, const VersionVector& version) {
    // Most links are told of the same one.
    if (!last || !(last->version == version)) last = std::make_shared<const NamedVersion>(version);
    return last;
}

std::optional<VersionVector> Replicator::Core::resolve(Link& link, const std::string& name,
                                                       const SaidVersions& said,
                                                       const wire::VersionChange& change,
                                                       std::uint64_t now_ms) {
    if (change.since == 0) return changed({}, change);
    if (const NamedVersion* since = said.find(change.since)) return changed(since->version, change);
    Peering& peering = link.buckets[name];
    if (peering.say_whole_ms == 0 || peering.say_whole_ms + kSayWholePauseMs <= now_ms) {
        peering.say_whole_ms = now_ms;
        send(link, wire::SayWhole{name});
    }
    return std::nullopt;
}

wire::DigestChange::Entry Replicator::Core::digest_change(const std::string& name, Bucket& bucket,
                                                          Peering& peering,
                                                          const NamedVersion& since,
                                                          std::uint64_t now_ms) {
    wire::DigestChange::Entry entry{name, change_between(since, bucket.version), false, 0};
    if (!bucket.floor.empty()) {
        const auto floor = this->name(bucket.named_floor, bucket.floor);
        peering.said_floors.keep(floor, now_ms);
        entry.floor = floor->name;
    }
    entry.named = peering.said.due(now_ms);
    if (entry.named) peering.said.keep(this->name(bucket.named, bucket.version), now_ms);
    return entry;
}

void Replicator::Core::on(Link& link, const wire::DigestChange& digest, std::uint64_t now_ms) {
    link.charge_work(digest.versions.size() * work::kBucket);
    for (const wire::DigestChange::Entry& entry : digest.versions) {
        const auto known = link.buckets.find(entry.bucket);
        // We have said nothing of it that could be referred to.
        if (known == link.buckets.end()) continue;
        Peering& peering = known->second;
        const auto version = resolve(link, entry.bucket, peering.said, entry.version, now_ms);
        if (!version) continue;
        if (!take_digest(link, entry.bucket, *version, now_ms)) return;
        if (entry.named) peering.reference.emplace(*version);
        peering.its_floor = entry.floor;
    }
}

void Replicator::Core::send_push(Link& link, Peering& peering, const wire::Push& push,
                                 std::uint64_t now_ms) {
    Bucket& bucket = buckets_.at(push.bucket);
    if (push.version == bucket.version) peering.said_change = bucket.version_changes;
    peering.said_ms = now_ms;
    const NamedVersion* since = peering.refer(now_ms);
    if (since == nullptr) {
        peering.said.keep(name(bucket.named, push.version), now_ms);
        if (link.heads || push.heads.empty()) return send(link, push);
        return send(link, wire::Push{push.bucket, push.base, push.version, push.floor, push.batch});
    }
    wire::PushChange change{push.bucket, change_between(*since, push.version), false, {}, {},
                            push.batch};
    if (link.heads) change.heads = push.heads;
    Ascending base(push.base);
    for (const auto& [origin, counter] : push.version)
        if (const std::uint64_t from = base[origin]; from < counter)
            change.from.emplace_back(origin, from);
    change.named = peering.said.due(now_ms);
    if (change.named) peering.said.keep(name(bucket.named, push.version), now_ms);
    if (!push.floor.empty()) {
        change.floor.since = name(bucket.named_floor, push.floor)->name;
        if (change.floor.since != peering.its_floor)
            change.floor = {0, {push.floor.begin(), push.floor.end()}};
    }
    send(link, change);
}

void Replicator::Core::on(Link& link, const wire::PushChange& change, std::uint64_t now_ms) {
    const auto known = link.buckets.find(change.bucket);
    if (known == link.buckets.end()) return;
    Peering& peering = known->second;
    auto version = resolve(link, change.bucket, peering.said, change.version, now_ms);
    auto floor = resolve(link, change.bucket, peering.said_floors, change.floor, now_ms);
    if (!version || !floor) return;
    wire::Push push{change.bucket, {}, std::move(*version), std::move(*floor), change.batch};
    push.base = changed(push.version, {0, change.from});
    push.heads = change.heads;
    if (!wire::possible(push)) return refuse(link, "sent a push that contradicts itself");
    take_push(link, push, now_ms);
    if (change.named) peering.reference.emplace(push.version);
}

void Replicator::Core::on(Link& link, const wire::SayWhole& whole, std::uint64_t now_ms) {
    const auto known = link.buckets.find(whole.bucket);
    if (known == link.buckets.end()) return;
    known->second.whole_until_ms = now_ms + kWholeMs;
    known->second.owe_digest(now_ms);
}

}  // namespace kigumi
