#include "kigumi/replication/replicator.hpp"

#include <algorithm>

#include "replicator_core.hpp"

namespace kigumi {
namespace {

/// Buckets that peers may make us hear of: a bound on what a hostile one can make us keep.
constexpr std::size_t kMaxBuckets = 4096;
constexpr std::size_t kMaxIntroduced = kMaxBuckets / 4;
constexpr std::size_t kDigestBytes = std::size_t{256} << 10;
constexpr std::uint64_t kSilentRounds = 5;
constexpr unsigned kQuietRounds = 4;
/// Of what waits, the work of one turn of the loop: about 20 ms.
constexpr std::uint64_t kTurnWork = 20'000;
/// For whoever waits for confirmations, and says so more often than that.
constexpr std::uint64_t kSaveAtOnceMs = 1'000;
/// After a start, for the peer whose answer was being taken before.
constexpr std::uint64_t kSourceWaitMs = 2'000;

/// Rounds are what idle peers hear of each other: silence is several of them.
ReplicatorOptions consistent(ReplicatorOptions options) {
    options.round_ms = std::max<std::uint64_t>(options.round_ms, 1);
    options.collect_ms = std::max<std::uint64_t>(options.collect_ms, 1);
    options.request_ms = std::max<std::uint64_t>(options.request_ms, 1);
    options.silence_ms = std::max(options.silence_ms, kSilentRounds * options.round_ms);
    return options;
}

}  // namespace

Replicator::Core::Core(Store& store, ReplicatorOptions options)
    : store_(store), options_(consistent(std::move(options))), pull_server_(store, options_) {
    refresh_versions();
}

void Replicator::Core::refresh_versions() {
    versions_stale_ = false;
    const auto self = store_.replica();
    const auto names = store_.buckets();
    if (!self || !names) return note(Level::kWarning, "store.failed", "cannot read the store");
    self_ = *self;
    for (const std::string& name : *names) {
        Bucket* const known = bucket(name);
        if (known == nullptr) continue;
        const auto snapshot = store_.read(name);
        if (!snapshot) {
            note(Level::kWarning, "store.failed", snapshot.error().message);
            continue;
        }
        set_version(*known, snapshot->version());
        known->floor = snapshot->floor();
        known->folding = snapshot->folding();
        known->acknowledgements.settle(known->version, store_.wall_ms());
    }
}

Replicator::Core::Bucket* Replicator::Core::bucket(const std::string& name) {
    const auto it = buckets_.find(name);
    if (it != buckets_.end()) return &it->second;
    if (buckets_.size() >= kMaxBuckets) return nullptr;
    for (auto& [id, link] : links_)
        if (link.up) link.buckets[name].owe_digest(0);
    return &buckets_.try_emplace(name, store_, name, options_).first->second;
}

Replicator::Core::Bucket* Replicator::Core::introduced_bucket(Link& link, const std::string& name) {
    const auto it = buckets_.find(name);
    if (it != buckets_.end()) return &it->second;
    // One peer must not take the room of all.
    if (link.introduced >= kMaxIntroduced) return nullptr;
    Bucket* const fresh = bucket(name);
    if (fresh == nullptr) return nullptr;
    fresh->introducer = link.id;
    ++link.introduced;
    return fresh;
}

void Replicator::Core::forget_empty_buckets() {
    for (auto it = buckets_.begin(); it != buckets_.end();) {
        Bucket& bucket = it->second;
        const auto introducer = bucket.introducer ? links_.find(*bucket.introducer) : links_.end();
        const bool here = introducer != links_.end() && introducer->second.up;
        if (!bucket.version.empty()) {
            // It is ours now.
            if (bucket.introducer && introducer != links_.end()) --introducer->second.introduced;
            bucket.introducer.reset();
        }
        if (!bucket.introducer || here || bucket.pull.active() || !bucket.held.empty()) {
            ++it;
            continue;
        }
        if (introducer != links_.end()) --introducer->second.introduced;
        for (auto& [id, link] : links_) forget_peering(link, it->first);
        it = buckets_.erase(it);
    }
}

void Replicator::Core::forget_peering(Link& link, const std::string& name) {
    const auto it = link.buckets.find(name);
    if (it == link.buckets.end()) return;
    while (!it->second.in_flight.empty()) link.forget_oldest_push(it->second);
    link.vector_entries -= it->second.acknowledged.size();
    if (link.audit && link.audit->bucket == name) link.audit.reset();
    link.buckets.erase(it);
}

void Replicator::Core::receive(LinkId id, std::string_view bytes, std::uint64_t now_ms) {
    const auto it = links_.find(id);
    if (it == links_.end()) return;
    now_ms_ = now_ms;
    Link& link = it->second;
    ++link.traffic.messages_in;
    link.traffic.bytes_in += bytes.size();
    link.heard_ms = now_ms;
    if (link.inflow.admits(now_ms)) return work_on(link, bytes, now_ms);
    const std::size_t room =
        options_.waiting_max_bytes - std::min(options_.waiting_max_bytes, waiting_bytes());
    if (!link.inflow.put_aside(bytes, room))
        refuse(link, "sends far more than a peer may; see link_bytes_per_s");
}

std::size_t Replicator::Core::waiting_bytes() const {
    std::size_t bytes = 0;
    for (const auto& [id, link] : links_) bytes += link.inflow.bytes();
    return bytes;
}

void Replicator::Core::work_on_waiting(std::uint64_t now_ms) {
    // By peer, in the order of their oldest links.
    std::vector<std::pair<PeerBudget*, std::vector<Link*>>> peers;
    for (auto& [id, link] : links_) {
        if (link.inflow.empty()) continue;
        PeerBudget* const budget = link.inflow.budget().get();
        auto peer = std::find_if(peers.begin(), peers.end(),
                                 [budget](const auto& one) { return one.first == budget; });
        if (peer == peers.end()) peer = peers.insert(peers.end(), {budget, {}});
        peer->second.push_back(&link);
    }
    std::uint64_t done = 0;
    for (std::size_t idle = 0; idle < peers.size() && done < kTurnWork; ++next_turn_) {
        auto& [budget, links] = peers[next_turn_ % peers.size()];
        while (!links.empty() && links.back()->inflow.empty()) links.pop_back();
        std::optional<std::string> message;
        if (!links.empty()) message = links.back()->inflow.next(now_ms);
        idle = message ? 0 : idle + 1;
        if (!message) continue;
        const std::uint64_t before = budget->worked();
        work_on(*links.back(), *message, now_ms);
        done += budget->worked() - before;
    }
}

void Replicator::Core::charge_rows(Link& link, const std::vector<KeyedRow>& rows, bool proofs) {
    std::uint64_t units = rows.size() * work::kRow;
    if (proofs)
        for (const KeyedRow& keyed : rows) units += keyed.row.size() * work::kProof;
    link.charge_work(units);
}

void Replicator::Core::work_on(Link& link, std::string_view bytes, std::uint64_t now_ms) {
    auto message = wire::decode(bytes);
    if (!message) {
        link.inflow.charge({bytes.size(), 1, 0});
        return refuse(link, message.error().message);
    }
    const std::size_t sends = effects.sends.size();
    speaker_ = link.id;
    handle(link, *message, now_ms);
    speaker_ = 0;
    std::size_t cost = bytes.size();
    // What was asked for is bounded by the credit that was given with the question.
    const auto* const chunk = std::get_if<wire::Chunk>(&*message);
    std::string name;
    if (chunk != nullptr && pulling(link, chunk->session, name) != nullptr) cost = 0;
    // The other side has read it all, whatever it says of it.
    if (std::holds_alternative<wire::Audit>(*message)) cost += 2 * options_.audit_bytes;
    for (std::size_t i = sends; i < effects.sends.size(); ++i)
        if (effects.sends[i].link == link.id) cost += effects.sends[i].message.size();
    link.inflow.charge({cost, 1, 0});
}

void Replicator::Core::handle(Link& link, wire::Message& message, std::uint64_t now_ms) {
    const bool greeting =
        std::holds_alternative<wire::Hello>(message) || std::holds_alternative<wire::Who>(message);
    if (!link.up && !greeting) {
        // A link that was silent for too long, or one that we do not remember: start it over.
        return ask_who(link, now_ms);
    }
    if (const auto reason = forbidden(link, message)) return deny(link, message, *reason);
    std::visit([&](const auto& body) { on(link, body, now_ms); }, message);
}

void Replicator::Core::on(Link& link, const wire::Digest& digest, std::uint64_t now_ms) {
    for (const auto& [name, version] : digest.versions) {
        // Of a bucket that neither side has there is nothing to say.
        if (version.empty() && !buckets_.contains(name)) continue;
        if (introduced_bucket(link, name) == nullptr) continue;
        if (!take_digest(link, name, version, now_ms)) return;
        link.buckets[name].reference.emplace(version);
    }
}

bool Replicator::Core::take_digest(Link& link, const std::string& name,
                                   const VersionVector& version, std::uint64_t now_ms) {
    Bucket& known = buckets_.at(name);
    if (!hear_version(link, name, known, version, now_ms)) return false;
    if (!known.version.covers(version)) want_pull(link, name, now_ms + pull_delay_ms(link));
    return true;
}

bool Replicator::Core::hear_version(Link& link, const std::string& name, Bucket& bucket,
                                    const VersionVector& version, std::uint64_t now_ms) {
    Peering& peering = link.buckets[name];
    const bool grows = version.size() > peering.acknowledged.size();
    link.vector_entries += version.size() - peering.acknowledged.size();
    if (grows && vector_entries(link) > options_.peer_vector_entries) {
        refuse(link, "tells of more replicas and buckets than are remembered of one peer");
        return false;
    }
    if (!peering.known) {
        // The first word after a greeting: pushes of our own events go on from where the peer
        // stands. What it lacks of others it pulls, from one of us.
        peering.known = true;
        for (const auto& [origin, counter] : bucket.version)
            if (origin != self_) peering.told.raise(origin, counter);
    }
    peers_changed_ = peers_changed_ || !(peering.acknowledged == version);
    peering.acknowledged = version;
    peering.has_been_told(version, bucket.version);
    std::optional<std::uint64_t> pushed_ms;
    while (!peering.in_flight.empty() && version.covers(peering.in_flight.front().version)) {
        pushed_ms = peering.in_flight.front().at_ms;
        link.forget_oldest_push(peering);
    }
    if (pushed_ms) {
        // The peers of a cluster gather confirmations for equally long. What took longer than it
        // is waited for may have been lost, and pulled.
        const std::uint64_t took_ms = now_ms - *pushed_ms;
        if (took_ms <= link.round_trip.timeout_ms())
            link.round_trip.sample(took_ms - std::min(took_ms, options_.ack_ms));
        unblock_pushes(link, now_ms);
    }
    note_claim(link, name, version, now_ms);
    if (remembers(bucket, *link.replica))
        bucket.acknowledgements.hear(*link.replica, version, bucket.version, store_.wall_ms());
    return true;
}

void Replicator::Core::tick(std::uint64_t now_ms) {
    now_ms_ = now_ms;
    if (source_until_ms_ == 0) source_until_ms_ = now_ms + kSourceWaitMs;
    act_on_evidence(now_ms);
    check_silence(now_ms);
    work_on_waiting(now_ms);
    pull_server_.expire(now_ms);
    fold_all(now_ms);
    if (now_ms >= round_at_ms_) {
        round_at_ms_ = now_ms + jittered(options_.round_ms);
        forget_empty_buckets();
        budgets_.forget_rested(now_ms);
        begin_round(now_ms);
        if (peers_changed_) save_peers();
    }
    if (now_ms >= collect_at_ms_) {
        collect_at_ms_ = now_ms + jittered(options_.collect_ms);
        collect_all(now_ms);
    }
    if (now_ms >= requests_at_ms_) forget_requests(now_ms);
    audit_all(now_ms);
}

void Replicator::Core::flush(std::uint64_t now_ms) {
    apply_held(now_ms);
    if (versions_stale_) refresh_versions();
    for (auto& [id, link] : links_)
        if (link.up && link.greeted_as != self_) greet(link, false, now_ms);
    show_heads();
    push_all(now_ms);
    send_digests(now_ms);
    start_pulls(now_ms);
    if (peers_changed_ && now_ms < save_at_once_until_ms_) save_peers();
}

/// A link with nothing to say for a while gets a sign of life, and all every few rounds: what was
/// said may have been lost.
void Replicator::Core::begin_round(std::uint64_t now_ms) {
    for (auto& [id, link] : links_) {
        if (!link.up) continue;
        repeat_heads(link);
        // A second link to a replica carries nothing else, and would fall silent at one end.
        const bool carries = preferred(link);
        bool quiet = true;
        for (const auto& [name, bucket] : buckets_) {
            if (!carries) break;
            if (!link.rights(name).read) continue;
            Peering& peering = link.buckets[name];
            if (peering.known && peering.said_change == bucket.version_changes &&
                peering.acknowledged == bucket.version && ++peering.quiet_rounds < kQuietRounds)
                continue;
            peering.owe_digest(now_ms);
            quiet = false;
        }
        if (quiet) send(link, wire::Digest{});
    }
}

void Replicator::Core::send_digests(std::uint64_t now_ms) {
    for (auto& [id, link] : links_) {
        if (!link.up) continue;
        wire::Digest whole;
        wire::DigestChange changes;
        std::size_t bytes = 0;
        for (auto& [name, peering] : link.buckets) {
            if (peering.digest_at_ms == 0 || peering.digest_at_ms > now_ms) continue;
            peering.digest_at_ms = 0;
            if (!link.rights(name).read) continue;
            Bucket& bucket = buckets_.at(name);
            // A bucket that only the other side has: whoever asked is answered, nobody else is
            // told.
            if (bucket.version.empty() && !peering.known) continue;
            peering.said_change = bucket.version_changes;
            peering.quiet_rounds = 0;
            if (const NamedVersion* since = peering.refer(now_ms)) {
                changes.versions.push_back(digest_change(name, bucket, peering, *since, now_ms));
                bytes += name.size() + changes.versions.back().version.entries.size() * 30;
            } else {
                whole.versions.emplace_back(name, bucket.version);
                peering.said.keep(this->name(bucket.named, bucket.version), now_ms);
                bytes += name.size() + bucket.version.size() * 30;
            }
            if (bytes < kDigestBytes) continue;
            if (!whole.versions.empty()) send(link, std::exchange(whole, {}));
            if (!changes.versions.empty()) send(link, std::exchange(changes, {}));
            bytes = 0;
        }
        if (!whole.versions.empty()) send(link, whole);
        if (!changes.versions.empty()) send(link, changes);
    }
}

void Replicator::Core::confirmations_wanted(std::uint64_t now_ms) {
    save_at_once_until_ms_ = now_ms + kSaveAtOnceMs;
}

void Replicator::Core::retune(ReplicatorOptions options) {
    options.random = options_.random;
    options_ = consistent(std::move(options));
}

std::uint64_t Replicator::Core::next_wakeup() const {
    if (pushes_left_) return 0;
    std::uint64_t at = std::min({round_at_ms_, collect_at_ms_, requests_at_ms_});
    if (evidence_) at = std::min(at, renew_at_ms_);
    for (const auto& [id, link] : links_) {
        if (link.up && !link.show_heads.empty()) return 0;
        if (link.up) at = std::min(at, next_audit_ms(link));
        if (!link.inflow.empty()) at = std::min(at, link.inflow.ready_at_ms());
        for (const auto& [name, peering] : link.buckets) {
            if (link.up && peering.digest_at_ms != 0) at = std::min(at, peering.digest_at_ms);
            if (link.up && peering.push_at_ms != 0 && link.breaker.closed())
                at = std::min(at, peering.push_at_ms);
        }
    }
    auto running = running_pulls();
    for (const auto& [name, bucket] : buckets_) {
        if (bucket.folding) {
            at = std::min(at, bucket.fold_at_ms);
            continue;
        }
        if (bucket.pull.active()) {
            at = std::min(at, bucket.pull.deadline_ms());
            continue;
        }
        for (const auto& [id, link] : links_) {
            const auto it = link.buckets.find(name);
            if (link.up && it != link.buckets.end() && it->second.pull_at_ms != 0 &&
                running[id] < kMaxPullsPerLink)
                at = std::min(at, pull_due(link, it->second, bucket));
        }
    }
    return at;
}

std::size_t Replicator::Core::buffered_bytes() const {
    std::size_t bytes = 0;
    for (const auto& [name, bucket] : buckets_) bytes += bucket.held.bytes() + bucket.pull.bytes();
    return bytes + checking_bytes_;
}

void Replicator::Core::send(const Link& link, const wire::Message& message) {
    effects.sends.push_back({link.id, wire::encode(message)});
}

Effects Replicator::Core::take_effects() {
    for (const auto& [id, message] : effects.sends) {
        const auto link = links_.find(id);
        if (link == links_.end()) continue;
        ++link->second.traffic.messages_out;
        link->second.traffic.bytes_out += message.size();
    }
    return std::exchange(effects, {});
}

void Replicator::Core::note(Level level, std::string event, std::string detail, LinkId link) {
    effects.notes.push_back(
        {level, std::move(event), std::move(detail), link != 0 ? link : speaker_});
}

Replicator::Replicator(Store& store, ReplicatorOptions options)
    : core_(std::make_unique<Core>(store, std::move(options))) {}
Replicator::~Replicator() = default;

void Replicator::link_up(LinkId link, bool dialled, std::string address, std::uint64_t now_ms,
                         std::shared_ptr<PeerPolicy> policy) {
    core_->link_up(link, dialled, std::move(address), now_ms, std::move(policy));
}
void Replicator::link_down(LinkId link) { core_->link_down(link); }
void Replicator::receive(LinkId link, std::string_view message, std::uint64_t now_ms) {
    core_->receive(link, message, now_ms);
}
void Replicator::confirmations_wanted(std::uint64_t now_ms) { core_->confirmations_wanted(now_ms); }
void Replicator::local_commit() { core_->local_commit(); }
void Replicator::proofs_checked(std::uint64_t id, const Result<bool>& outcome,
                                std::uint64_t now_ms) {
    core_->proofs_checked(id, outcome, now_ms);
}
void Replicator::tick(std::uint64_t now_ms) { core_->tick(now_ms); }
void Replicator::flush(std::uint64_t now_ms) { core_->flush(now_ms); }
void Replicator::leave() { core_->leave(); }
void Replicator::retune(ReplicatorOptions options) { core_->retune(std::move(options)); }
std::uint64_t Replicator::next_wakeup() const { return core_->next_wakeup(); }
Effects Replicator::take_effects() { return core_->take_effects(); }
std::size_t Replicator::buffered_bytes() const { return core_->buffered_bytes(); }
ReplicatorStatus Replicator::status() const { return core_->status(); }
std::vector<LinkedPeer> Replicator::linked() const { return core_->linked(); }

}  // namespace kigumi
