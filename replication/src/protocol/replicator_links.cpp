#include <algorithm>

#include "kigumi/crdt/json.hpp"
#include "replicator_core.hpp"

/// Links: greeting, silence, and who carries what.
namespace kigumi {
namespace {

constexpr std::uint64_t kHelloEveryMs = 1'000;
/// Greetings and requests for them are not repeated faster: many messages of one lost link must not
/// make many greetings, each of which starts the link over.
constexpr std::uint64_t kHelloPauseMs = 400;

std::string cluster_text(const std::string& cluster) {
    return cluster.empty() ? "no named cluster" : "cluster " + json_string(cluster);
}

}  // namespace

void Replicator::Core::link_up(LinkId id, bool dialled, std::string address, std::uint64_t now_ms,
                               std::shared_ptr<PeerPolicy> policy) {
    Link& link = links_.try_emplace(id, id, options_).first->second;
    link.dialled = dialled;
    link.address = std::move(address);
    link.policy = std::move(policy);
    if (link.policy) link.inflow.share(budgets_.of(link.policy->peer()));
    link.heard_ms = now_ms;
    if (dialled) greet(link, false, now_ms);
}

void Replicator::Core::link_down(LinkId id) {
    const auto it = links_.find(id);
    if (it == links_.end()) return;
    Link& link = it->second;
    set_up(link, false, 0);
    // The records of peers say when they were last here.
    if (link.replica)
        gone_links_[*link.replica] = {link.address, false, link.changed_wall_ms, link.policy};
    links_changed();
    links_.erase(it);
}

void Replicator::Core::greet(Link& link, bool answer, std::uint64_t now_ms) {
    link.hello_ms = now_ms;
    link.greeted_as = self_;
    send(link, wire::Hello{wire::kProtocolVersion, self_, answer, options_.cluster});
}

void Replicator::Core::on(Link& link, const wire::Hello& hello, std::uint64_t now_ms) {
    if (hello.version != wire::kProtocolVersion)
        return refuse(link, "speaks protocol version " + std::to_string(hello.version) + ", not " +
                                std::to_string(wire::kProtocolVersion));
    if (hello.cluster != options_.cluster) {
        // So that the other side can tell its operator as well.
        if (!hello.answer) greet(link, true, now_ms);
        return refuse(link, "belongs to " + cluster_text(hello.cluster) + ", this node to " +
                                cluster_text(options_.cluster));
    }
    if (hello.replica == self_)
        return refuse(link, "is this replica itself: check the peer addresses");
    if (link.policy) {
        if (const auto claimed = link.policy->claim(hello.replica); !claimed)
            return refuse_claim(link, claimed.error());
    }
    if (link.replica != hello.replica) {
        set_up(link, false, now_ms);
        link.replica = hello.replica;
    }
    if (!hello.answer) greet(link, true, now_ms);
    // Whatever was on its way may be lost: the first digest tells where to go on.
    link.start_over();
    set_up(link, true, now_ms);
    link.charge_work(buckets_.size() * work::kBucket);
    link.tell_from.emplace();
    tell_features(link);
}

void Replicator::Core::refuse_claim(Link& link, const Error& error) {
    if (error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kFull)
        return refuse(link, error.message);
    // It greets again as long as it is not answered, and may be believed then.
    const std::string what = "claim " + error.message;
    if (link.denied.size() < kMaxTold && link.denied.insert(what).second)
        note(Level::kWarning, "claim.failed",
             "address=" + link.address + " reason=\"" + error.message + '"', link.id);
}

void Replicator::Core::on(Link& link, const wire::Who&, std::uint64_t now_ms) {
    if (link.hello_ms + kHelloPauseMs > now_ms) return;
    set_up(link, false, now_ms);
    if (link.dialled) greet(link, false, now_ms);
}

void Replicator::Core::ask_who(Link& link, std::uint64_t now_ms) {
    if (link.who_ms + kHelloPauseMs > now_ms) return;
    link.who_ms = now_ms;
    send(link, wire::Who{});
}

void Replicator::Core::on(Link& link, const wire::Bye&, std::uint64_t now_ms) {
    set_up(link, false, now_ms);
}

void Replicator::Core::set_up(Link& link, bool up, std::uint64_t now_ms) {
    if (link.up == up) return;
    link.up = up;
    link.changed_wall_ms = store_.wall_ms();
    links_changed();
    note(Level::kInfo, up ? "peer.up" : "peer.down", label(link), link.id);
    if (up) return;
    // Another link to the same replica may carry its pushes now.
    for (auto& [id, other] : links_)
        if (id != link.id && other.up && other.replica == link.replica) {
            Agenda& agenda = other.buckets.agenda();
            agenda.unpushed.insert(agenda.unsettled.begin(), agenda.unsettled.end());
        }
    link.inflow.clear();
    pull_server_.link_down(link.id);
    for (const std::string& name : held_)
        change_held(buckets_.at(name), [&link](HeldPushes& held) {
            held.forget(link.id);
            return true;
        });
    for (const std::string& name : pulls_) {
        Bucket& bucket = buckets_.at(name);
        if (bucket.pull.active() && bucket.pull.link() == link.id)
            end_pull(bucket, name, "the peer is gone", true, Blame::kNobody, now_ms);
    }
}

void Replicator::Core::refuse(Link& link, std::string reason) {
    set_up(link, false, link.heard_ms);
    link.inflow.clear();
    count_failure(link, link.heard_ms);
    ++counters_.refused_peers;
    note(Level::kWarning, "peer.refused", "address=" + link.address + " reason=\"" + reason + '"',
         link.id);
    effects.closes.push_back({link.id, std::move(reason)});
}

void Replicator::Core::count_failure(Link& link, std::uint64_t now_ms) {
    const bool closed = link.breaker.closed();
    link.breaker.failed(now_ms, options_.random());
    if (closed && !link.breaker.closed()) note(Level::kInfo, "breaker.open", label(link), link.id);
}

std::string Replicator::Core::label(const Link& link) {
    return (link.replica ? "replica=" + link.replica->hex() + " " : "") + "address=" + link.address;
}

bool Replicator::Core::preferred(const Link& link) const {
    for (const auto& [id, other] : links_) {
        if (id >= link.id) break;
        if (other.up && other.replica == link.replica) return false;
    }
    return link.up;
}

bool Replicator::Core::linked_to(const ReplicaId& replica) const {
    return std::any_of(links_.begin(), links_.end(), [&replica](const auto& entry) {
        return entry.second.up && entry.second.replica == replica;
    });
}

void Replicator::Core::check_silence(std::uint64_t now_ms) {
    for (auto& [id, link] : links_) {
        const std::uint64_t patience_ms =
            options_.silence_ms + std::min(static_cast<std::uint64_t>(link.round_trip.usual_ms()),
                                           options_.timeout_max_ms);
        if (link.up && link.heard_ms + patience_ms < now_ms) set_up(link, false, now_ms);
        if (!link.up && link.dialled && link.hello_ms + kHelloEveryMs <= now_ms)
            greet(link, false, now_ms);
        if (link.breaker.closed()) continue;
        // Without anything to pull no pull would ever close it, and neither pushes nor audits go.
        const bool asks = !link.buckets.agenda().pulls.empty();
        if (!asks && link.breaker.rest(now_ms))
            note(Level::kInfo, "breaker.closed", label(link), link.id);
    }
}

std::vector<LinkedPeer> Replicator::Core::linked() const {
    std::vector<LinkedPeer> all;
    for (const auto& [id, link] : links_)
        if (link.up) all.push_back({id, *link.replica, link.dialled, link.address, link.heard_ms});
    return all;
}

void Replicator::Core::leave() {
    for (const auto& [id, link] : links_)
        if (link.up) send(link, wire::Bye{});
}

}  // namespace kigumi
