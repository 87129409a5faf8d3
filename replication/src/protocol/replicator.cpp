#include "kigumi/replication/replicator.hpp"

#include <algorithm>

#include "replicator_core.hpp"

namespace kigumi {
namespace {

/// Of digests to one link, in one turn of the loop.
constexpr std::size_t kDigestBytes = std::size_t{256} << 10;
constexpr std::uint64_t kSilentRounds = 5;
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
    read_all_versions();
}

void Replicator::Core::receive(LinkId id, std::string_view bytes, std::uint64_t now_ms) {
    const auto it = links_.find(id);
    if (it == links_.end()) return;
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
    link.charge_work(digest.versions.size() * work::kBucket);
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
    Peering& peering = link.buckets[name];
    const bool same_again = peering.known && peering.acknowledged == version;
    if (!hear_version(link, name, known, version, now_ms)) return false;
    if (same_again) {
        // It has said so twice in a short time: what we said meanwhile was lost.
        if (peering.same_again_ms != 0 && peering.same_again_ms + 3 * options_.round_ms > now_ms &&
            peering.said_ms + options_.round_ms <= now_ms)
            peering.owe_digest(now_ms);
        peering.same_again_ms = now_ms;
    }
    if (!known.version.covers(version)) want_pull(link, name, now_ms + pull_delay_ms(link));
    return true;
}

bool Replicator::Core::hear_version(Link& link, const std::string& name, Bucket& bucket,
                                    const VersionVector& version, std::uint64_t now_ms) {
    Peering& peering = link.buckets[name];
    const bool grows = version.size() > peering.acknowledged.size();
    link.count_vector_entries(version.size(), peering.acknowledged.size());
    if (grows && link.inflow.budget()->vector_entries > options_.peer_vector_entries) {
        refuse(link, "tells of more replicas and buckets than are remembered of one peer");
        return false;
    }
    if (!peering.known) {
        // The first word after a greeting: pushes of our own events go on from where the peer
        // stands. What it lacks of others it pulls, from one of us.
        peering.known = true;
        for (const auto& [origin, counter] : bucket.version)
            if (origin != self_) peering.told.raise(origin, counter);
        if (audits(link)) peering.audit_at_ms = first_audit_ms(link, bucket, now_ms);
    }
    if (!(peering.acknowledged == version)) {
        peers_of_changed(bucket);
        collect_due_.insert(name);
    }
    peering.look_at();
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
    // Pushes are made from snapshots, so a peer may know of events that were not looked at here.
    if (version[self_] > bucket.version[self_]) refresh_version(name);
    note_claim(link, name, version, now_ms);
    if (remembers(bucket, *link.replica))
        bucket.acknowledgements.hear(*link.replica, version, bucket.version, store_.wall_ms());
    return true;
}

void Replicator::Core::tick(std::uint64_t now_ms) {
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
        go_on_reading_versions();
        tell_left_out(now_ms);
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

void Replicator::Core::send_digests(std::uint64_t now_ms) {
    for (auto& [id, link] : links_) {
        if (!link.up) continue;
        go_on_telling(link, now_ms);
        wire::Digest whole;
        wire::DigestChange changes;
        const DueQueue& due = link.buckets.agenda().digests;
        for (std::size_t bytes = 0; !due.empty() && bytes < kDigestBytes;) {
            if (due.begin()->first > now_ms) break;
            const std::string name(due.begin()->second);
            Peering& peering = link.buckets[name];
            peering.digest_at_ms = 0;
            if (!link.rights(name).read) continue;
            Bucket& bucket = buckets_.at(name);
            // A bucket that only the other side has: whoever asked is answered, nobody else is
            // told.
            if (bucket.version.empty() && !peering.known) continue;
            peering.said_change = bucket.version_changes;
            peering.said_ms = now_ms;
            if (const NamedVersion* since = peering.refer(now_ms)) {
                changes.versions.push_back(digest_change(name, bucket, peering, *since, now_ms));
                bytes += name.size() + 8 + changes.versions.back().version.entries.size() * 30;
            } else {
                whole.versions.emplace_back(name, bucket.version);
                peering.said.keep(this->name(bucket.named, bucket.version), now_ms);
                bytes += name.size() + 8 + bucket.version.size() * 30;
            }
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
    // There may be room for more buckets.
    read_on_ = true;
}

std::uint64_t Replicator::Core::next_wakeup() const {
    if (pushes_left_) return 0;
    std::uint64_t at = std::min({round_at_ms_, collect_at_ms_, requests_at_ms_});
    if (evidence_) at = std::min(at, renew_at_ms_);
    auto running = running_pulls();
    for (const auto& [id, link] : links_) {
        if (!link.inflow.empty()) at = std::min(at, link.inflow.ready_at_ms());
        if (!link.up) continue;
        if (link.tell_from || !link.show_heads.empty()) return 0;
        at = std::min(at, next_audit_ms(link));
        const Agenda& agenda = link.buckets.agenda();
        if (!agenda.digests.empty()) at = std::min(at, agenda.digests.begin()->first);
        if (!agenda.pushes.empty() && link.breaker.closed())
            at = std::min(at, agenda.pushes.begin()->first);
        if (running[link.inflow.budget().get()] >= kMaxPullsPerLink) continue;
        if (const auto pull = next_pull(link)) at = std::min(at, pull->at_ms);
    }
    for (const std::string& name : folding_) at = std::min(at, buckets_.at(name).fold_at_ms);
    for (const std::string& name : pulls_) {
        const Bucket& bucket = buckets_.at(name);
        if (bucket.pull.active()) at = std::min(at, bucket.pull.deadline_ms());
    }
    return at;
}

std::size_t Replicator::Core::buffered_bytes() const {
    std::size_t bytes = 0;
    for (const auto& [id, link] : links_) bytes += link.held_bytes;
    for (const std::string& name : pulls_) bytes += buckets_.at(name).pull.bytes();
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
