#include "kigumi/crdt/defect.hpp"
#include "replicator_core.hpp"

/// Pushes, in and out.
namespace kigumi {

void Replicator::Core::on(Link& link, const wire::Push& push, std::uint64_t now_ms) {
    if (push.origin == self_) return;
    Bucket* const target = bucket(push.bucket);
    if (target == nullptr) return;
    link.buckets[push.bucket].digest_owed = true;
    if (target->version[push.origin] >= push.to) return;
    if (!KIGUMI_DEFECT(kHeldWithoutBound) &&
        buffered_bytes() + push.batch.size() > options_.held_max_bytes) {
        // Nothing is lost: what is not buffered is pulled.
        return want_pull(link, push.bucket, now_ms + options_.pull_delay_ms);
    }
    auto held = check_push(link.id, push);
    if (!held) return refuse(link, held.error().message);
    target->held.add(std::move(*held));
}

void Replicator::Core::apply_held(std::uint64_t now_ms) {
    for (auto& [name, bucket] : buckets_) {
        if (bucket.held.empty()) continue;
        if (bucket.held.ready(bucket.version)) {
            const auto joined = bucket.held.apply(store_, name);
            if (!joined) {
                note(Level::kWarning, "push.failed",
                     "bucket=" + name + " reason=\"" + joined.error().message + '"');
                for (auto& [id, link] : links_)
                    if (link.up) want_pull(link, name, now_ms + options_.backoff_max_ms);
                bucket.held.clear();
                continue;
            }
            versions_stale_ = true;
            if (*joined > 0) advanced(bucket, now_ms);
        }
        bucket.held.each_first([&, &name = name](const HeldPush& push) {
            const auto link = links_.find(push.link);
            if (link != links_.end() && link->second.up)
                want_pull(link->second, name, now_ms + options_.pull_delay_ms);
        });
    }
}

void Replicator::Core::advanced(Bucket& bucket, std::uint64_t now_ms) {
    // Neighbours that are not linked to the origin learn of its events from us. The others know by
    // then, and take the digest for what it is.
    if (bucket.tell_at_ms == 0) bucket.tell_at_ms = now_ms + options_.pull_delay_ms;
}

void Replicator::Core::push_all(std::uint64_t now_ms) {
    for (auto& [name, bucket] : buckets_) {
        const std::uint64_t newest = bucket.version[self_];
        bool due = false;
        for (auto& [id, link] : links_) {
            const auto it = link.buckets.find(name);
            due = due || (it != link.buckets.end() && it->second.known &&
                          it->second.pushed < newest && preferred(link));
        }
        if (!due) continue;
        auto snapshot = store_.read(name);
        if (!snapshot) continue;
        // Links that stand at the same event get the same bytes.
        std::map<std::uint64_t, std::optional<wire::Push>> made;
        for (auto& [id, link] : links_) {
            const auto it = link.buckets.find(name);
            if (it != link.buckets.end() && it->second.known && preferred(link))
                push_to(link, name, it->second, *snapshot, made, now_ms);
        }
    }
}

void Replicator::Core::push_to(Link& link, const std::string& name, Peering& peering,
                               ReadTransaction& snapshot,
                               std::map<std::uint64_t, std::optional<wire::Push>>& made,
                               std::uint64_t now_ms) {
    const std::uint64_t newest = snapshot.version()[self_];
    if (peering.pushed >= newest) return;
    while (!peering.in_flight.empty() &&
           peering.in_flight.front().at_ms + options_.pull_timeout_ms < now_ms) {
        // Not heard of for long: lost, or the peer is pulling. Either way it will say what it
        // lacks.
        peering.forget_pushes_up_to(peering.in_flight.front().to);
    }
    if (peering.in_flight_bytes >= options_.push_credit_bytes) return;
    auto it = made.find(peering.pushed);
    if (it == made.end()) {
        auto push = make_push(snapshot, name, self_, peering.pushed, options_.push_max_bytes);
        if (!push)
            return note(Level::kWarning, "push.failed",
                        "bucket=" + name + " reason=\"" + push.error().message + '"');
        it = made.emplace(peering.pushed, std::move(*push)).first;
    }
    if (it->second) {
        const std::size_t bytes = it->second->batch.size();
        peering.in_flight.push_back({newest, bytes, now_ms});
        peering.in_flight_bytes += bytes;
        send(link, *it->second);
    } else {
        peering.digest_owed = true;
    }
    peering.pushed = newest;
}

}  // namespace kigumi
