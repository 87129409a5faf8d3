#include <algorithm>

#include "accepted_origins.hpp"
#include "kigumi/crdt/defect.hpp"
#include "newest_heads.hpp"
#include "replicator_core.hpp"

/// Pushes, in and out.
namespace kigumi {
namespace {

/// Heads in a push; of more origins than that the others come without.
constexpr std::size_t kPushHeads = 64;

/// The events that a push brings, as what its receiver will have of their origins.
VersionVector carried(const wire::Push& push) {
    VersionVector reached;
    Ascending base(push.base);
    for (const auto& [origin, counter] : push.version)
        if (base[origin] < counter) reached.raise(origin, counter);
    return reached;
}

}  // namespace

void Replicator::Core::on(Link& link, const wire::Push& push, std::uint64_t now_ms) {
    if (introduced_bucket(link, push.bucket) == nullptr) return;
    take_push(link, push, now_ms);
    link.buckets[push.bucket].reference.emplace(push.version);
}

void Replicator::Core::take_push(Link& link, const wire::Push& push, std::uint64_t now_ms) {
    Bucket* const target = &buckets_.at(push.bucket);
    // A push is as good as a digest of its sender.
    if (!hear_version(link, push.bucket, *target, push.version, now_ms)) return;
    if (push.version[self_] > target->version[self_]) return;
    link.buckets[push.bucket].owe_digest(now_ms + options_.ack_ms);
    prune_relay(link, push, *target);
    if (target->version.covers(push.version)) return;
    if (const auto reason = forbidden(link, push)) return deny(link, push, *reason);
    auto held = check_push(link.id, push);
    if (!held) return refuse(link, held.error().message);
    // More than is joined in one step: a pull brings it in parts.
    if (held->rows.size() > options_.step_rows)
        return want_pull(link, push.bucket, now_ms + pull_delay_ms(link));
    if (!link.rights(push.bucket).relay) {
        held->accepted = accepted_from(*link.policy, target->version, push.version);
        // What such a peer has collected is nobody's business but its own.
        if (!KIGUMI_DEFECT(kForeignFloorTaken)) held->floor = {};
        std::erase_if(held->rows, [&](const KeyedRow& keyed) {
            return !has_news_of(*held->accepted, target->version, keyed.row);
        });
    }
    held->heads = sound_heads(link, push.bucket, push.heads, push.version);
    if (!KIGUMI_DEFECT(kHeldWithoutBound) && !has_room(link, held->bytes)) {
        // Nothing is lost: what is not buffered is pulled.
        return want_pull(link, push.bucket, now_ms + pull_delay_ms(link));
    }
    auto rows = std::make_shared<std::vector<KeyedRow>>(std::move(held->rows));
    check_proofs(link, push.bucket, rows, now_ms,
                 [this, name = push.bucket, held = std::make_shared<HeldPush>(std::move(*held)),
                  rows](Link& from, const Result<bool>& checked, std::uint64_t at_ms) {
                     if (!checked) return reject_writes(from, name, checked.error(), at_ms);
                     held->rows = std::move(*rows);
                     held->as_signed = *checked;
                     hold(from, name, std::move(*held), at_ms);
                 });
}

void Replicator::Core::hold(Link& link, const std::string& name, HeldPush push,
                            std::uint64_t now_ms) {
    const auto target = buckets_.find(name);
    if (target == buckets_.end()) return;
    if (!KIGUMI_DEFECT(kHeldWithoutBound) && !has_room(link, push.bytes))
        return want_pull(link, name, now_ms + pull_delay_ms(link));
    change_held(target->second, [&push](HeldPushes& all) {
        all.add(std::move(push));
        return true;
    });
    held_.insert(name);
}

bool Replicator::Core::has_room(const Link& link, std::size_t bytes) const {
    // Of all links of the peer: rows whose proofs are being checked, and pushes that wait.
    std::size_t of_peer = bytes + link.inflow.budget()->memory_bytes();
    for (const auto& [id, other] : links_)
        if (other.inflow.budget() == link.inflow.budget()) of_peer += other.held_bytes;
    return of_peer <= options_.held_peer_max_bytes &&
           buffered_bytes() + bytes <= options_.held_max_bytes;
}

void Replicator::Core::prune_relay(Link& link, const wire::Push& push, Bucket& bucket) {
    wire::Prune prune{push.bucket, {}};
    Ascending base(push.base);
    for (const auto& [origin, counter] : push.version) {
        if (base[origin] == counter) continue;
        const bool news = bucket.version[origin] < counter;
        LinkId source = link.id;
        // Not before there are events of it: pushes can name anybody.
        if (bucket.version[origin] > 0)
            source = bucket.sources.try_emplace(origin, link.id).first->second;
        // It came by another way, or will: from its origin itself. Or must not come this way.
        const bool barred = !link.rights(push.bucket).relay && !link.policy->owns(origin);
        const bool elsewhere = barred || (news ? linked_to(origin) : source != link.id);
        if (elsewhere && origin != *link.replica)
            prune.origins.push_back(origin);
        else if (news && bucket.version[origin] > 0)
            bucket.sources[origin] = link.id;
    }
    if (!prune.origins.empty()) send(link, prune);
}

void Replicator::Core::on(Link& link, const wire::Prune& prune, std::uint64_t) {
    const auto known = buckets_.find(prune.bucket);
    if (known == buckets_.end()) return;
    Peering& peering = link.buckets[prune.bucket];
    for (const ReplicaId& origin : prune.origins)
        if (origin != self_ && known->second.version[origin] > 0) peering.pruned.insert(origin);
}

void Replicator::Core::apply_held(std::uint64_t now_ms) {
    pushes_left_ = false;
    for (auto it = held_.begin(); it != held_.end();) {
        const std::string name = *it;
        Bucket& bucket = buckets_.at(name);
        if (bucket.held.empty()) {
            it = held_.erase(it);
            continue;
        }
        ++it;
        if (bucket.held.ready(bucket.version)) {
            const auto joined = change_held(bucket, [&](HeldPushes& held) {
                return held.apply(store_, name, options_.step_rows);
            });
            if (!joined) {
                note(Level::kWarning, "push.failed",
                     "bucket=" + name + " reason=\"" + joined.error().message + '"');
                for (auto& [id, link] : links_)
                    if (link.up) want_pull(link, name, now_ms + options_.backoff_max_ms);
                change_held(bucket, [](HeldPushes& held) {
                    held.clear();
                    return true;
                });
                continue;
            }
            counters_.pushes_joined += joined->joined;
            versions_stale_ = true;
            pushes_left_ = pushes_left_ || joined->more;
            for (const auto& [id, reason] : joined->refused)
                if (const auto link = links_.find(id); link != links_.end())
                    refuse(link->second, reason);
        }
        bucket.held.each_first([&](const HeldPush& push) {
            const auto link = links_.find(push.link);
            if (link != links_.end() && link->second.up)
                want_pull(link->second, name, now_ms + pull_delay_ms(link->second));
        });
    }
}

void Replicator::Core::plan_pushes(Link& link, std::uint64_t now_ms) {
    Agenda& agenda = link.buckets.agenda();
    // Each round looks again at what may still be unsettled then.
    if (!preferred(link) || !link.breaker.closed()) return agenda.unpushed.clear();
    for (const std::string_view name : std::exchange(agenda.unpushed, {})) {
        const auto bucket = buckets_.find(name);
        Peering& peering = link.buckets.find(name)->second;
        if (bucket == buckets_.end() || !peering.known || !link.rights(name).read) continue;
        if (!options_.relay) peering.only = self_;
        if (!peering.lacks(bucket->second.version)) continue;
        // Writes that follow within `push_ms` share a message.
        if (peering.push_at_ms == 0)
            peering.push_at_ms = std::max<std::uint64_t>(now_ms + options_.push_ms, 1);
    }
    if (options_.push_ms == 0) return;
    // Before a digest tells of what is not pushed yet, and makes the peer pull it.
    for (const auto& [at_ms, name] : agenda.digests) {
        if (at_ms > now_ms) break;
        Peering& peering = link.buckets.find(name)->second;
        if (peering.push_at_ms != 0) peering.push_at_ms = std::max<std::uint64_t>(now_ms, 1);
    }
}

void Replicator::Core::push_all(std::uint64_t now_ms) {
    std::map<std::string, std::vector<Link*>> due;
    for (auto& [id, link] : links_) {
        if (!link.up) continue;
        plan_pushes(link, now_ms);
        std::vector<std::string> names;
        for (const auto& [at_ms, name] : link.buckets.agenda().pushes) {
            if (at_ms > now_ms) break;
            names.emplace_back(name);
        }
        const bool pushes = preferred(link) && link.breaker.closed();
        for (const std::string& name : names) {
            if (pushes && link.rights(name).read)
                due[name].push_back(&link);
            else
                link.buckets[name].push_at_ms = 0;
        }
    }
    for (const auto& [name, links] : due) {
        auto snapshot = store_.read(name);
        // Links that stand at the same cut get the same bytes.
        MadePushes made;
        for (Link* const link : links) {
            Peering& peering = link->buckets[name];
            if (snapshot)
                push_to(*link, name, peering, *snapshot, made, now_ms);
            else
                peering.push_at_ms = now_ms + options_.round_ms;
        }
    }
}

void Replicator::Core::push_to(Link& link, const std::string& name, Peering& peering,
                               ReadTransaction& snapshot, MadePushes& made, std::uint64_t now_ms) {
    forget_late_pushes(link, peering, now_ms);
    if (link.in_flight_bytes >= options_.push_credit_bytes) {
        const std::uint64_t room_ms = push_room_ms(link, now_ms);
        if (room_ms > now_ms) {
            peering.push_at_ms = room_ms;
            link.push_blocked = true;
            return;
        }
    }
    peering.push_at_ms = 0;
    if (!peering.lacks(snapshot.version())) return;
    // What is not folded yet others have to pull; it is among the causes of what is pushed.
    const VersionVector base = snapshot.indexed_from(peering.push_base(snapshot.version()));
    if (base == snapshot.version()) {
        peering.told.merge(snapshot.version());
        return peering.owe_digest(now_ms);
    }
    auto it = std::find_if(made.begin(), made.end(),
                           [&base](const auto& entry) { return entry.first == base; });
    if (it == made.end()) {
        auto push = make_push(snapshot, name, base, options_.push_max_bytes);
        if (!push)
            return note(Level::kWarning, "push.failed",
                        "bucket=" + name + " reason=\"" + push.error().message + '"');
        if (*push) {
            auto heads = newest_heads(snapshot, base, (*push)->version, kPushHeads);
            if (heads) (*push)->heads = std::move(*heads);
        }
        it = made.emplace(made.end(), base, std::move(*push));
    }
    peering.told.merge(snapshot.version());
    if (!it->second) return peering.owe_digest(now_ms);
    const std::size_t bytes = it->second->batch.size();
    link.sent(peering, {carried(*it->second), bytes, now_ms});
    peering.digest_at_ms = 0;
    ++counters_.pushes_sent;
    send_push(link, peering, *it->second, now_ms);
}

void Replicator::Core::forget_late_pushes(Link& link, Peering& peering, std::uint64_t now_ms) {
    const std::uint64_t timeout_ms = link.round_trip.timeout_ms();
    // Not heard of for long: lost, or the peer is pulling. Either way it will say what it lacks.
    while (!peering.in_flight.empty() && peering.in_flight.front().at_ms + timeout_ms < now_ms)
        link.forget_oldest_push(peering);
}

std::uint64_t Replicator::Core::push_room_ms(Link& link, std::uint64_t now_ms) {
    std::uint64_t oldest_ms = now_ms;
    const auto names = link.buckets.agenda().in_flight;
    for (const std::string_view name : names) {
        Peering& peering = link.buckets.find(name)->second;
        forget_late_pushes(link, peering, now_ms);
        if (!peering.in_flight.empty())
            oldest_ms = std::min(oldest_ms, peering.in_flight.front().at_ms);
    }
    if (link.in_flight_bytes < options_.push_credit_bytes) return now_ms;
    return oldest_ms + link.round_trip.timeout_ms() + 1;
}

void Replicator::Core::unblock_pushes(Link& link, std::uint64_t now_ms) {
    if (!link.push_blocked || link.in_flight_bytes >= options_.push_credit_bytes) return;
    link.push_blocked = false;
    const DueQueue blocked = link.buckets.agenda().pushes;
    for (const auto& [at_ms, name] : blocked)
        link.buckets.find(name)->second.push_at_ms = std::max<std::uint64_t>(now_ms, 1);
}

}  // namespace kigumi
