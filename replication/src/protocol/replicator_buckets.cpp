#include <algorithm>

#include "kigumi/crdt/json.hpp"
#include "replicator_core.hpp"

/// Which buckets are replicated, and how far they are here.
namespace kigumi {
namespace {

/// What one peer may introduce, of all.
constexpr std::size_t kShares = 16;
constexpr std::size_t kMinShare = 64;
/// Buckets that are read in a round, after commits of which it is not known what they changed.
constexpr std::size_t kReadSlice = 256;
/// If there are no more than so many, all are read at once.
constexpr std::size_t kFewBuckets = 64;
constexpr std::uint64_t kTellLeftOutMs = 60'000;
/// That are told of.
constexpr std::size_t kNamesTold = 8;

}  // namespace

void Replicator::Core::read_all_versions() {
    const auto changes = store_.changes_since(0);
    if (changes) seen_change_ = changes->last;
    saved_left_out_ = store_.left_out().value_or(0);
    refresh_versions();
    const auto names = store_.buckets();
    if (!names) return note(Level::kWarning, "store.failed", "cannot read the store");
    for (const std::string& name : *names) refresh_version(name);
    count_left_out();
}

void Replicator::Core::refresh_versions() {
    versions_stale_ = false;
    const auto self = store_.replica();
    const auto changes = store_.changes_since(seen_change_);
    if (!self || !changes) return note(Level::kWarning, "store.failed", "cannot read the store");
    self_ = *self;
    for (const std::string& name : changes->buckets) refresh_version(name);
    // A commit that left no note may be of an earlier version of this library, or changed nothing
    // that matters here.
    const bool unknown = !changes->complete || changes->last == seen_change_;
    seen_change_ = changes->last;
    if (!changes->buckets.empty()) count_left_out();
    if (!unknown) return;
    const auto stored = store_.count_buckets();
    if (!stored || *stored > kFewBuckets) {
        // Round by round. One that is under way may have passed what was changed.
        read_again_ = read_again_ || read_on_;
        read_on_ = true;
        return;
    }
    const auto names = store_.buckets();
    if (!names) return note(Level::kWarning, "store.failed", "cannot read the store");
    for (const std::string& name : *names) refresh_version(name);
    count_left_out();
}

void Replicator::Core::go_on_reading_versions() {
    if (!read_on_) return;
    const auto names = store_.buckets_after(read_from_, kReadSlice);
    if (!names) return note(Level::kWarning, "store.failed", "cannot read the store");
    for (const std::string& name : *names) refresh_version(name);
    count_left_out();
    if (names->size() == kReadSlice) {
        read_from_ = names->back();
        return;
    }
    read_from_.clear();
    read_on_ = std::exchange(read_again_, false);
}

void Replicator::Core::refresh_version(const std::string& name) {
    Bucket* const known = bucket(name);
    if (known == nullptr) return;
    if (!known->stored) {
        known->stored = true;
        ++stored_;
    }
    const auto snapshot = store_.read(name);
    if (!snapshot) return note(Level::kWarning, "store.failed", snapshot.error().message);
    set_version(*known, snapshot->version());
    known->floor = snapshot->floor();
    known->folding = snapshot->folding();
    if (known->folding) folding_.insert(name);
    known->acknowledgements.settle(known->version, store_.wall_ms());
}

void Replicator::Core::set_version(Bucket& bucket, VersionVector version) {
    if (bucket.version == version) return;
    bucket.version = std::move(version);
    ++bucket.version_changes;
    const std::string name(bucket.name);
    for (auto& [id, link] : links_)
        if (const auto it = link.buckets.find(name); it != link.buckets.end()) it->second.look_at();
    collect_due_.insert(name);
    with_requests_.insert(name);
    peers_of_changed(bucket);
}

Replicator::Core::Bucket* Replicator::Core::bucket(const std::string& name) {
    const auto it = buckets_.find(name);
    if (it != buckets_.end()) return &it->second;
    if (full() && name != members::kBucket) {
        leave_out(name);
        return nullptr;
    }
    const auto made = buckets_.try_emplace(name, store_, name, options_).first;
    made->second.name = made->first;
    for (auto& [id, link] : links_) {
        if (!link.up || !link.rights(name).read) continue;
        Peering& peering = link.buckets[name];
        peering.owe_digest(0);
        peering.look_at();
    }
    return &made->second;
}

bool Replicator::Core::full() const {
    return buckets_.size() - (buckets_.contains(members::kBucket) ? 1 : 0) >= options_.max_buckets;
}

std::size_t Replicator::Core::introduction_share() const {
    return std::max(options_.max_buckets / kShares, kMinShare);
}

Replicator::Core::Bucket* Replicator::Core::introduced_bucket(Link& link, const std::string& name) {
    const auto it = buckets_.find(name);
    if (it != buckets_.end()) return &it->second;
    // Who may not bring anything into it has nothing to say of it.
    if (!link.rights(name).write) return nullptr;
    const auto& budget = link.inflow.budget();
    // One peer must not take the room of all, on however many links.
    if (budget->introduced >= introduction_share()) {
        ++counters_.buckets_refused;
        leave_out(name);
        return nullptr;
    }
    Bucket* const fresh = bucket(name);
    if (fresh == nullptr) {
        ++counters_.buckets_refused;
        return nullptr;
    }
    fresh->introducer = budget;
    introduced_.insert(name);
    ++budget->introduced;
    return fresh;
}

void Replicator::Core::forget_empty_buckets() {
    std::set<const PeerBudget*> here;
    for (const auto& [id, link] : links_)
        if (link.up) here.insert(link.inflow.budget().get());
    for (auto it = introduced_.begin(); it != introduced_.end();) {
        const auto known = buckets_.find(*it);
        Bucket& bucket = known->second;
        const bool ours = !bucket.version.empty();
        const bool waits =
            here.contains(bucket.introducer.get()) || bucket.pull.active() || !bucket.held.empty();
        if (!ours && waits) {
            ++it;
            continue;
        }
        --bucket.introducer->introduced;
        bucket.introducer.reset();
        if (!ours) {
            for (auto& [id, link] : links_) forget_peering(link, *it);
            for (std::set<std::string>* names : {&held_, &pulls_, &folding_, &collect_due_,
                                                 &peers_due_, &with_requests_, &request_pass_})
                names->erase(*it);
            if (bucket.stored) --stored_;
            buckets_.erase(known);
        }
        it = introduced_.erase(it);
    }
}

void Replicator::Core::forget_peering(Link& link, const std::string& name) {
    const auto it = link.buckets.find(name);
    if (it == link.buckets.end()) return;
    while (!it->second.in_flight.empty()) link.forget_oldest_push(it->second);
    link.count_vector_entries(0, it->second.acknowledged.size());
    if (link.audit && link.audit->bucket == name) link.audit.reset();
    link.unconfirmed_heads.erase(name);
    link.buckets.erase(it);
}

void Replicator::Core::leave_out(const std::string& name) {
    if (left_out_names_.size() < kNamesTold) left_out_names_.insert(name);
}

void Replicator::Core::count_left_out() {
    const auto all = store_.count_buckets();
    if (!all) return;
    // There is room again: those that were left out are looked for.
    if (left_out_ > 0 && !full()) read_on_ = true;
    left_out_ = full() ? *all - std::min(*all, stored_) : 0;
}

void Replicator::Core::tell_left_out(std::uint64_t now_ms) {
    if (left_out_ > 0) count_left_out();
    if (left_out_ != saved_left_out_) {
        saved_left_out_ = left_out_;
        if (const auto done = store_.put_left_out(left_out_); !done)
            note(Level::kWarning, "store.failed", done.error().message);
    }
    const bool refused = counters_.buckets_refused != told_refused_;
    if ((left_out_ == 0 && !refused) || now_ms < tell_left_out_ms_) return;
    tell_left_out_ms_ = now_ms + kTellLeftOutMs;
    std::string names;
    for (const std::string& name : left_out_names_)
        names += (names.empty() ? "" : ",") + json_string(name);
    note(Level::kWarning, "buckets.left_out",
         "not_replicated=" + std::to_string(left_out_) +
             " refused_of_peers=" + std::to_string(counters_.buckets_refused) +
             " max_buckets=" + std::to_string(options_.max_buckets) + " some=" + names);
    told_refused_ = counters_.buckets_refused;
    left_out_names_.clear();
}

}  // namespace kigumi
