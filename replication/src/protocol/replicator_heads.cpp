#include <algorithm>

#include "../signatures.hpp"
#include "kigumi/crdt/defect.hpp"
#include "replicator_core.hpp"

/// Heads: how a replica learns that it has gone back, or that its key is used twice.
namespace kigumi {
namespace {

constexpr std::string_view kHeadsFeature = "heads";
constexpr std::string_view kHeardFeature = "heard";
/// A node of an earlier version never says that it has heard what we understand.
constexpr unsigned kMaxFeaturesTold = 8;
/// What is not answered is shown again after 2, 4, … rounds, up to 64.
constexpr unsigned kMaxDoublings = 6;
/// Buckets whose heads are shown in one step: each is a read and perhaps a signature.
constexpr std::size_t kShownAtOnce = 256;
/// Heads of one message that are looked at: what is kept of the receiver, and the sender's own.
constexpr std::size_t kMaxLookedAt = 4;
/// What checking a signature is charged as (`work`): of heads that come with events, which a peer
/// needs the right to relay for, and of those that are shown, which anybody may.
constexpr std::uint64_t kCheckWork = 60;
constexpr std::uint64_t kShownCheckWork = 500;
constexpr std::uint64_t kClaimNoteMs = 60'000;
constexpr std::uint64_t kRetryMs = 1'000;

bool contains(const std::vector<Head>& heads, const Head& head) {
    return std::any_of(heads.begin(), heads.end(), [&head](const Head& other) {
        return other.counter == head.counter && other.hash == head.hash;
    });
}

}  // namespace

void Replicator::Core::note_claim(const Link& link, const std::string& name,
                                  const VersionVector& theirs, std::uint64_t now_ms) {
    if (theirs[self_] <= buckets_.at(name).version[self_]) return;
    // What we know may be a moment old.
    const auto snapshot = store_.read(name);
    if (!snapshot || theirs[self_] <= snapshot->version()[self_]) return;
    ++counters_.identity_claims;
    if (KIGUMI_DEFECT(kClaimRenewsIdentity)) {
        if (const auto fresh = store_.renew_identity(self_)) self_ = *fresh;
        return;
    }
    if (claim_noted_until_ms_ > now_ms) return;
    claim_noted_until_ms_ = now_ms + kClaimNoteMs;
    note(Level::kWarning, "identity.claimed",
         label(link) + " bucket=" + name + " claimed=" + std::to_string(theirs[self_]) +
             " written=" + std::to_string(snapshot->version()[self_]) +
             " reason=\"it tells of events of this node that this node never made; without a head "
             "that this node has signed nothing follows from that\" all_claims=" +
             std::to_string(counters_.identity_claims));
}

void Replicator::Core::tell_features(Link& link) {
    ++link.features_told;
    std::string features(wire::kFeatures);
    features += kHeadsFeature;
    if (link.heads) features.append(",").append(kHeardFeature);
    send(link, wire::Cancel{0, std::move(features)});
}

void Replicator::Core::hear_features(Link& link, std::string_view features) {
    bool heads = false;
    bool heard = false;
    while (!features.empty()) {
        const std::string_view one = features.substr(0, features.find(','));
        heads = heads || one == kHeadsFeature;
        heard = heard || one == kHeardFeature;
        features.remove_prefix(std::min(features.size(), one.size() + 1));
    }
    if (!heads) return;
    link.knows_features = link.knows_features || heard;
    if (!link.heads) {
        link.heads = true;
        for (const auto& [name, bucket] : buckets_)
            if (bucket.version[*link.replica] > 0 || bucket.version[self_] > 0)
                link.show_heads.insert(name);
    }
    if (!heard) tell_features(link);
}

void Replicator::Core::repeat_heads(Link& link) {
    if (!link.knows_features && link.features_told < kMaxFeaturesTold) tell_features(link);
    for (const std::string& name : link.unconfirmed_heads) {
        Peering& peering = link.buckets[name];
        if (++peering.rounds_shown < 1U << std::min(peering.times_shown, kMaxDoublings)) continue;
        link.show_heads.insert(name);
    }
}

void Replicator::Core::show_heads() {
    std::size_t left = kShownAtOnce;
    for (auto& [id, link] : links_) {
        if (!link.up) continue;
        for (; !link.show_heads.empty() && left > 0; --left) {
            const std::string name = *link.show_heads.begin();
            link.show_heads.erase(link.show_heads.begin());
            if (buckets_.contains(name) && link.rights(name).read) show_heads_of(link, name);
        }
    }
}

void Replicator::Core::show_heads_of(Link& link, const std::string& name) {
    if (KIGUMI_DEFECT(kHeadNotShown)) return;
    Peering& peering = link.buckets[name];
    ++peering.times_shown;
    peering.rounds_shown = 0;
    wire::Heads heads{name, {}};
    const auto read = [&]() -> Result<void> {
        KIGUMI_TRY(heads.heads, store_.kept_heads(name, *link.replica));
        peering.shown = heads.heads;
        if (buckets_.at(name).version[self_] == 0) return {};
        KIGUMI_TRY(ReadTransaction snapshot, store_.read(name));
        KIGUMI_TRY(auto own, snapshot.head(self_));
        if (own) heads.heads.push_back(std::move(*own));
        // An earlier version has written here: from now on there is a chain.
        if (!own) KIGUMI_CHECK(store_.start_chain(name));
        return {};
    }();
    if (!read) return note(Level::kWarning, "heads.failed", read.error().message);
    peering.confirmed = peering.shown.empty();
    if (!peering.confirmed) link.unconfirmed_heads.insert(name);
    if (!heads.heads.empty()) send(link, heads);
}

void Replicator::Core::on(Link& link, const wire::Heads& heads, std::uint64_t now_ms) {
    if (link.rights(heads.bucket) == Rights::none()) return;
    const auto known = buckets_.find(heads.bucket);
    wire::Heads answer{heads.bucket, {}};
    std::vector<Head> theirs;
    const std::size_t looked_at = std::min(heads.heads.size(), kMaxLookedAt);
    for (std::size_t i = 0; i < looked_at; ++i) {
        const Head& head = heads.heads[i];
        const ReplicaId signer = signer_of(head);
        if (signer == *link.replica) theirs.push_back(head);
        if (signer != self_) continue;
        const auto standing = store_.check_head(heads.bucket, head);
        if (!standing) return note(Level::kWarning, "heads.failed", standing.error().message);
        if (*standing == HeadStanding::kOnChain || *standing == HeadStanding::kUnknown) {
            answer.heads.push_back(head);
            continue;
        }
        link.charge_work(kShownCheckWork);
        if (*standing == HeadStanding::kForeign) {
            ++counters_.unsound_heads;
            continue;
        }
        evidence_ = Evidence{heads.bucket, head, label(link)};
        return act_on_evidence(now_ms);
    }
    if (!answer.heads.empty()) send(link, answer);
    if (known == buckets_.end()) return;
    // Heads may come before anything else was said of the bucket.
    Peering& peering = link.buckets[heads.bucket];
    const auto kept = [&]() -> Result<void> {
        const bool all = std::all_of(peering.shown.begin(), peering.shown.end(),
                                     [&](const Head& head) { return contains(theirs, head); });
        if (!peering.confirmed && !peering.shown.empty() && all) {
            KIGUMI_CHECK(store_.confirm_heads(heads.bucket, *link.replica));
            peering.confirmed = true;
            link.unconfirmed_heads.erase(heads.bucket);
        }
        for (const Head& head : theirs) {
            if (contains(peering.shown, head) || peering.head_taken) continue;
            peering.head_taken = true;
            KIGUMI_CHECK(store_.keep_head(heads.bucket, *link.replica, head, peering.confirmed));
        }
        return {};
    }();
    if (!kept) note(Level::kWarning, "heads.failed", kept.error().message);
}

std::vector<ShownHead> Replicator::Core::sound_heads(Link& link, const std::string& name,
                                                     const std::vector<Head>& heads,
                                                     const VersionVector& version) {
    std::vector<ShownHead> sound;
    const Bucket& bucket = buckets_.at(name);
    const bool relay = link.rights(name).relay;
    for (const Head& head : heads) {
        const ReplicaId origin = signer_of(head);
        if (origin == self_ || head.counter > version[origin] ||
            head.counter <= bucket.version[origin])
            continue;
        const bool from_origin = origin == *link.replica;
        if (!from_origin && !relay) continue;
        // From the origin itself it needs no check: a wrong one harms only that.
        if (!from_origin) {
            link.charge_work(kCheckWork);
            if (!is_sound(name, head)) {
                ++counters_.unsound_heads;
                continue;
            }
        }
        const Peering& peering = link.buckets[name];
        // Until the origin has confirmed what is kept of it, the oldest of it is kept as well, and
        // what comes between is not: so it is asked at once.
        if (link.heads && from_origin && !peering.confirmed && peering.shown.empty())
            link.show_heads.insert(name);
        sound.push_back({origin, head, from_origin && peering.confirmed});
    }
    return sound;
}

void Replicator::Core::act_on_evidence(std::uint64_t now_ms) {
    if (!evidence_ || now_ms < renew_at_ms_) return;
    const Evidence evidence = *evidence_;
    // The identity, or the chain, may be another one by now.
    const auto standing = store_.check_head(evidence.bucket, evidence.head);
    if (standing && *standing != HeadStanding::kAhead && *standing != HeadStanding::kForked)
        return evidence_.reset();
    const ReplicaId old = self_;
    const auto fresh = standing ? store_.renew_identity(old, true)
                                : Result<ReplicaId>(tl::unexpected<Error>(standing.error()));
    if (!fresh) {
        renew_at_ms_ = now_ms + kRetryMs;
        return note(Level::kWarning, "identity.failed", fresh.error().message);
    }
    evidence_.reset();
    renew_at_ms_ = now_ms + options_.renewal_pause_ms;
    self_ = *fresh;
    versions_stale_ = true;
    // Pulls have failed until now because of the old one.
    for (auto& [id, link] : links_) {
        link.pull_backoff.reset();
        link.pull_not_before_ms = 0;
    }
    ++counters_.renewals;
    const bool ahead = *standing == HeadStanding::kAhead;
    note(Level::kWarning, "identity.renewed",
         "old=" + old.hex() + " new=" + self_.hex() + " bucket=" + evidence.bucket +
             " event=" + std::to_string(evidence.head.counter) + " shown_by=\"" + evidence.from +
             "\" reason=\"" +
             (ahead ? "an event that this identity has signed is not here"
                    : "this identity has signed another history than the one here") +
             ": this store has gone back in time, or its key is used twice\" renewals=" +
             std::to_string(counters_.renewals));
}

}  // namespace kigumi
