#include <algorithm>

#include "kigumi/crdt/defect.hpp"
#include "replicator_core.hpp"

/// When to pull what from whom.
namespace kigumi {
namespace {

/// Batches beyond this are of one large row, of which there may be one at a time.
constexpr std::size_t kSmallBatchBytes = std::size_t{1} << 20;

}  // namespace

Replicator::Core::Blame Replicator::Core::blame_for(const Error& error) {
    const bool theirs = error.code == ErrorCode::kIo || error.code == ErrorCode::kCorrupt;
    return theirs ? Blame::kPeer : Blame::kNobody;
}

void Replicator::Core::want_pull(Link& link, const std::string& name, std::uint64_t at_ms) {
    if (!link.rights(name).write) return;
    Due& due = link.buckets[name].pull_at_ms;
    if (due == 0) due = std::max<std::uint64_t>(at_ms, 1);
}

std::uint64_t Replicator::Core::pull_due(const Link& link, std::uint64_t at_ms,
                                         const Bucket& bucket) const {
    const std::uint64_t due =
        std::max({at_ms, link.pull_not_before_ms, link.breaker.not_before_ms()});
    const ReplicaId* const source = bucket.pull.source();
    // What an earlier process has staged is worth something with its source only, which may need a
    // moment to be linked again.
    if (source == nullptr || *source == link.replica || bucket.pull.taken_over() == 0) return due;
    return std::max(due, source_until_ms_);
}

std::optional<Replicator::Core::DuePull> Replicator::Core::next_pull(const Link& link) const {
    const std::uint64_t not_before =
        std::max(link.pull_not_before_ms, link.breaker.not_before_ms());
    std::optional<DuePull> next;
    for (const auto& [at_ms, name] : link.buckets.agenda().pulls) {
        if (next && next->at_ms <= std::max(at_ms, not_before)) break;
        const auto bucket = buckets_.find(name);
        // Rows of one large pull at a time.
        if (bucket == buckets_.end() || bucket->second.pull.active() || bucket->second.folding)
            continue;
        const std::uint64_t due = pull_due(link, at_ms, bucket->second);
        if (!next || due < next->at_ms) next = DuePull{due, name};
    }
    return next;
}

std::map<const PeerBudget*, std::ptrdiff_t> Replicator::Core::running_pulls() const {
    std::map<const PeerBudget*, std::ptrdiff_t> running;
    for (const std::string& name : pulls_) {
        const Bucket& bucket = buckets_.at(name);
        if (!bucket.pull.active()) continue;
        const auto link = links_.find(bucket.pull.link());
        if (link != links_.end()) ++running[link->second.inflow.budget().get()];
    }
    return running;
}

void Replicator::Core::start_pulls(std::uint64_t now_ms) {
    for (auto it = pulls_.begin(); it != pulls_.end();) {
        Bucket& bucket = buckets_.at(*it);
        if (bucket.pull.stalled(now_ms)) {
            const auto link = links_.find(bucket.pull.link());
            if (link != links_.end()) link->second.round_trip.timed_out();
            end_pull(bucket, *it, "no progress", true, Blame::kPeer, now_ms);
        } else if (bucket.pull.active()) {
            take_turns(*it, bucket, now_ms);
        }
        it = bucket.pull.active() || bucket.pull.bytes() > 0 ? std::next(it) : pulls_.erase(it);
    }
    auto running = running_pulls();
    for (;;) {
        // The links take turns: the one that has waited longest goes first.
        Link* best = nullptr;
        DuePull next{};
        for (auto& [id, link] : links_) {
            if (!link.up || running[link.inflow.budget().get()] >= kMaxPullsPerLink) continue;
            const auto pull = next_pull(link);
            if (!pull || pull->at_ms > now_ms || (best != nullptr && pull->at_ms >= next.at_ms))
                continue;
            best = &link;
            next = *pull;
        }
        if (best == nullptr) return;
        const std::string name(next.bucket);
        if (start_pull(*best, name, buckets_.at(name), now_ms))
            ++running[best->inflow.budget().get()];
    }
}

bool Replicator::Core::start_pull(Link& link, const std::string& name, Bucket& bucket,
                                  std::uint64_t now_ms) {
    Peering& peering = link.buckets[name];
    peering.pull_at_ms = 0;
    // The push that this pull was to replace may have come after all.
    const bool behind = !bucket.version.covers(peering.acknowledged);
    bool held = false;
    bucket.held.each_first([&](const HeldPush& push) { held = held || push.link == link.id; });
    if (!behind && !held) return false;
    // It would bring what it must not; it can be asked as soon as that has come from others.
    if (!link.rights(name).relay && brings_others(link, bucket, peering.acknowledged)) return false;
    const auto pull = bucket.pull.begin(link.id, *link.replica, bucket.version, now_ms,
                                        link.round_trip.timeout_ms());
    if (!pull && pull.error().code == ErrorCode::kBusy) {
        want_pull(link, name, now_ms + std::max<std::uint64_t>(options_.fold_pause_ms, 1));
        return false;
    }
    if (!pull) {
        link.pull_not_before_ms = now_ms + options_.backoff_max_ms;
        note(Level::kWarning, "pull.failed",
             "bucket=" + name + " reason=\"" + pull.error().message + '"');
        return false;
    }
    const std::uint64_t rows = bucket.pull.taken_over();
    if (rows > 0)
        note(Level::kInfo, "pull.resume",
             "bucket=" + name + " peer=" + link.replica->short_hex() +
                 " staged_rows=" + std::to_string(rows));
    else
        note(Level::kDebug, "pull.begin", "bucket=" + name + " peer=" + link.replica->short_hex());
    pulls_.insert(name);
    link.breaker.asked();
    send(link, *pull);
    return true;
}

void Replicator::Core::end_pull(Bucket& bucket, const std::string& name, const std::string& reason,
                                bool keep, Blame blame, std::uint64_t now_ms) {
    const auto it = links_.find(bucket.pull.link());
    bucket.pull.abort(keep);
    bucket.pull_done.reset();
    ++counters_.pulls_broken;
    note(Level::kDebug, "pull.broken", "bucket=" + name + " reason=\"" + reason + '"');
    if (it == links_.end()) return;
    Link& link = it->second;
    link.pull_not_before_ms = now_ms + link.pull_backoff.next_ms(options_.random());
    if (blame == Blame::kPeer)
        count_failure(link, now_ms);
    else
        link.breaker.undecided();
    if (link.up) want_pull(link, name, link.pull_not_before_ms);
}

std::uint64_t Replicator::Core::pull_delay_ms(const Link& link) const {
    const auto usual = static_cast<std::uint64_t>(link.round_trip.usual_ms());
    return std::clamp(usual, options_.pull_delay_ms,
                      std::max(options_.pull_delay_ms, options_.pull_delay_max_ms));
}

void Replicator::Core::report_full(const std::string& name, const Error& error) {
    if (error.code != ErrorCode::kFull) return;
    note(Level::kWarning, "pull.failed", "bucket=" + name + " reason=\"" + error.message + '"');
}

Replicator::Core::Bucket* Replicator::Core::pulling(const Link& link, std::uint64_t session,
                                                    std::string& name) {
    for (const std::string& candidate : pulls_) {
        Bucket& bucket = buckets_.at(candidate);
        if (!bucket.pull.is_session(link.id, session)) continue;
        name = candidate;
        return &bucket;
    }
    return nullptr;
}

void Replicator::Core::on(Link& link, const wire::Pull& pull, std::uint64_t now_ms) {
    const auto known = buckets_.find(pull.bucket);
    if (known != buckets_.end()) {
        // Whatever way these events were to take, it did not bring them: relay them from now on.
        Peering& peering = link.buckets[pull.bucket];
        for (const auto& [origin, counter] : known->second.version)
            if (pull.base[origin] < counter) peering.pruned.erase(origin);
        // The answer brings the rest.
        peering.told.merge(known->second.version);
        peering.look_at();
    }
    ++counters_.pulls_served;
    pull_server_.begin(link.id, pull, now_ms, effects, link.heads);
}

void Replicator::Core::on(Link& link, const wire::Credit& credit, std::uint64_t now_ms) {
    pull_server_.grant(link.id, credit, now_ms, effects);
}

void Replicator::Core::on(Link& link, const wire::Chunk& chunk, std::uint64_t now_ms) {
    std::string name;
    Bucket* const bucket = pulling(link, chunk.session, name);
    if (bucket == nullptr) return send(link, wire::Cancel{chunk.session, "no such pull"});
    if (const auto asked_ms = bucket->pull.unanswered_since())
        link.round_trip.sample(now_ms - *asked_ms);
    if (const auto reason = no_room(*bucket, chunk)) {
        send(link, wire::Cancel{chunk.session, *reason});
        return end_pull(*bucket, name, *reason, true, Blame::kNobody, now_ms);
    }
    auto batch =
        bucket->pull.take(chunk, link.rights(name).relay ? nullptr : link.policy.get(), now_ms);
    if (!batch) return break_off(link, name, *bucket, batch.error(), now_ms);
    if (*batch) take_batch(link, name, std::move(**batch), now_ms);
}

std::optional<std::string> Replicator::Core::no_room(const Bucket& bucket,
                                                     const wire::Chunk& chunk) const {
    if (bucket.pull.partial_bytes() + chunk.part.size() <= kSmallBatchBytes) return std::nullopt;
    for (const std::string& name : pulls_) {
        const Bucket& other = buckets_.at(name);
        if (&other != &bucket && other.pull.partial_bytes() > kSmallBatchBytes)
            return "a large row of bucket " + name + " is being pulled; it goes on after that";
    }
    return std::nullopt;
}

void Replicator::Core::break_off(Link& link, const std::string& name, Bucket& bucket,
                                 const Error& error, std::uint64_t now_ms) {
    send(link, wire::Cancel{bucket.pull.session(), error.message});
    report_full(name, error);
    end_pull(bucket, name, error.message, error.code == ErrorCode::kIo, blame_for(error), now_ms);
}

void Replicator::Core::take_batch(Link& link, const std::string& name, PullClient::Batch batch,
                                  std::uint64_t now_ms) {
    const std::uint64_t session = buckets_.at(name).pull.session();
    auto rows = std::make_shared<std::vector<KeyedRow>>(std::move(batch.rows));
    check_proofs(
        link, name, rows, now_ms,
        [this, name, session, rows, batch = std::make_shared<PullClient::Batch>(std::move(batch))](
            Link& from, const Result<bool>& checked, std::uint64_t at_ms) {
            batch->rows = std::move(*rows);
            stage(from, name, session, std::move(*batch), checked, at_ms);
        });
}

void Replicator::Core::stage(Link& link, const std::string& name, std::uint64_t session,
                             PullClient::Batch batch, const Result<bool>& checked,
                             std::uint64_t now_ms) {
    const auto it = buckets_.find(name);
    if (it == buckets_.end() || !it->second.pull.is_session(link.id, session)) return;
    Bucket& bucket = it->second;
    if (!checked) {
        if (checked.error().code == ErrorCode::kCorrupt)
            tell_unproven(link, checked.error().message);
        return break_off(link, name, bucket, checked.error(), now_ms);
    }
    const auto credit = bucket.pull.stage(std::move(batch), *checked, now_ms);
    if (!credit) return break_off(link, name, bucket, credit.error(), now_ms);
    send(link, *credit);
    if (bucket.pull.unchecked() || !bucket.pull_done) return;
    const wire::Done done = std::move(*bucket.pull_done);
    bucket.pull_done.reset();
    on(link, done, now_ms);
}

void Replicator::Core::take_turns(const std::string& name, Bucket& bucket, std::uint64_t now_ms) {
    const auto source = links_.find(bucket.pull.link());
    // Who may relay is trusted to come to an end.
    if (source == links_.end() || source->second.rights(name).relay) return;
    Link& link = source->second;
    if (bucket.pull.began_ms() + link.pull_turn_ms > now_ms) return;
    const bool others_wait =
        std::any_of(links_.begin(), links_.end(), [&name = name, &link](const auto& entry) {
            const Link& other = entry.second;
            const auto peering = other.buckets.find(name);
            return other.up && other.id != link.id && other.replica != link.replica &&
                   peering != other.buckets.end() && peering->second.pull_at_ms != 0;
        });
    if (!others_wait) return;
    link.pull_turn_ms = std::min(2 * link.pull_turn_ms, Link::kMaxPullTurnMs);
    send(link, wire::Cancel{bucket.pull.session(), "others have waited for long"});
    end_pull(bucket, name, "others have waited for long", false, Blame::kNobody, now_ms);
}

void Replicator::Core::on(Link& link, const wire::Done& done, std::uint64_t now_ms) {
    std::string name;
    Bucket* const bucket = pulling(link, done.session, name);
    if (bucket == nullptr) return;
    if (const auto reason = forbidden(link, done)) {
        deny(link, done, *reason);
        return end_pull(*bucket, name, *reason, false, Blame::kNobody, now_ms);
    }
    if (bucket->pull.unchecked()) {
        bucket->pull_done = done;
        return;
    }
    if (const auto asked_ms = bucket->pull.unanswered_since())
        link.round_trip.sample(now_ms - *asked_ms);
    const bool relays = link.rights(name).relay;
    wire::Done taken = done;
    // What such a peer has collected is its own business: all others have seen it go.
    if (!relays && !KIGUMI_DEFECT(kForeignFloorTaken)) taken.floor = {};
    const auto finished = bucket->pull.finish(taken, relays ? nullptr : link.policy.get(),
                                              sound_heads(link, name, done.heads, done.version));
    if (!finished) {
        if (finished.error().code == ErrorCode::kInvalidArgument)
            note_claim(link, name, done.version, now_ms);
        report_full(name, finished.error());
        return end_pull(*bucket, name, finished.error().message, false, blame_for(finished.error()),
                        now_ms);
    }
    if (*finished == PullClient::Finished::kNot) return;
    if (*finished == PullClient::Finished::kLaidOver) {
        bucket->folding = true;
        folding_.insert(name);
        bucket->fold_at_ms = now_ms;
        note(Level::kDebug, done.full ? "pull.over.full" : "pull.over", "bucket=" + name);
    }
    ++counters_.pulls_done;
    if (!link.breaker.closed()) {
        note(Level::kInfo, "breaker.closed", label(link), link.id);
        Agenda& agenda = link.buckets.agenda();
        agenda.unpushed.insert(agenda.unsettled.begin(), agenda.unsettled.end());
    }
    link.breaker.succeeded();
    link.pull_backoff.reset();
    link.pull_not_before_ms = 0;
    link.pull_turn_ms = Link::kPullTurnMs;
    for (const auto& [origin, counter] : done.version)
        if (bucket->version[origin] < counter) bucket->sources[origin] = link.id;
    VersionVector version = bucket->version;
    version.merge(done.version);
    set_version(*bucket, std::move(version));
    bucket->acknowledgements.settle(bucket->version, store_.wall_ms());
    note(Level::kDebug, done.full ? "pull.done.full" : "pull.done",
         "bucket=" + name + " peer=" + link.replica->short_hex());
    Peering& peering = link.buckets[name];
    peering.told.merge(done.version);
    peering.owe_digest(now_ms);
}

void Replicator::Core::on(Link& link, const wire::Cancel& cancel, std::uint64_t now_ms) {
    if (cancel.session == 0 && cancel.reason.starts_with(wire::kFeatures))
        return hear_features(link, std::string_view(cancel.reason).substr(wire::kFeatures.size()));
    pull_server_.cancel(link.id, cancel.session);
    std::string name;
    if (Bucket* const bucket = pulling(link, cancel.session, name))
        end_pull(*bucket, name, cancel.reason, false, Blame::kNobody, now_ms);
}

}  // namespace kigumi
