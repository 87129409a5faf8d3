#include <algorithm>

#include "kigumi/crdt/defect.hpp"
#include "replicator_core.hpp"

/// Rule 7 of the protocol: rows that hold nothing but removals go once they are causally stable.
namespace kigumi {
namespace {

/// Between two steps of a pass, so that writers get their turns.
constexpr std::uint64_t kStepPauseMs = 10;
/// After so many passes everything is told again: what was told may have been lost.
constexpr unsigned kRetellPasses = 30;
constexpr std::size_t kMaxHearsayVector = 4'096;
/// So many are told of in every pass.
constexpr std::size_t kHearsayReplicas = 32;
/// Buckets of which nothing was heard that are looked at in a pass.
constexpr std::size_t kCollectSlice = 256;
/// To each link in a pass.
constexpr std::size_t kHearsayBytes = std::size_t{32} << 10;

}  // namespace

void Replicator::Core::collect_all(std::uint64_t now_ms) {
    refresh_members();
    refresh_backup_holds();
    ++collect_passes_;
    // Those of which something was heard, and of the others some in each pass: lists of members
    // and backups change as well.
    std::set<std::string> names = std::exchange(collect_due_, {});
    auto it = buckets_.upper_bound(collect_from_);
    for (std::size_t left = std::min(buckets_.size(), kCollectSlice); left > 0; --left) {
        if (it == buckets_.end()) it = buckets_.begin();
        collect_from_ = it->first;
        names.insert(it->first);
        ++it;
    }
    for (const std::string& name : names) {
        const auto known = buckets_.find(name);
        if (known == buckets_.end()) continue;
        forget_ghosts(known->second);
        if (!known->second.version.empty()) collect_in(name, known->second, now_ms);
    }
}

void Replicator::Core::collect_in(const std::string& name, Bucket& bucket, std::uint64_t now_ms) {
    if (collect_passes_ - bucket.retold_pass >= kRetellPasses) {
        bucket.retold_pass = collect_passes_;
        for (auto& [id, link] : links_)
            if (const auto peering = link.buckets.find(name); peering != link.buckets.end())
                peering->second.heard_from = 0;
    }
    // The more there are, the longer each waits for the newest word of all.
    if (collect_passes_ % (1 + bucket.acknowledgements.all().size() / kHearsayReplicas) == 0)
        send_hearsay(name, bucket, now_ms);
    else
        collect_due_.insert(name);
    // An answer that is on its way would have to start over.
    if (pull_server_.serves(name) || bucket.folding) {
        collect_due_.insert(name);
        return;
    }
    collect(name, bucket);
    if (bucket.collect_cursor.empty()) return;
    collect_due_.insert(name);
    collect_at_ms_ = now_ms + kStepPauseMs;
}

void Replicator::Core::refresh_members() {
    if (const auto retired = store_.retire_left_identities(); !retired)
        return note(Level::kWarning, "members.failed", retired.error().message);
    const auto bucket = buckets_.find(std::string(members::kBucket));
    const VersionVector version =
        bucket == buckets_.end() ? VersionVector() : bucket->second.version;
    if (members_at_ != version) {
        auto list = members::list(store_);
        if (!list) return note(Level::kWarning, "members.failed", list.error().message);
        members_ = std::move(*list);
        members_at_ = version;
    }
    const auto self = members_.find(self_);
    if (self != members_.end() && self->second == members::Standing::kMember) return;
    // New here, or retired by somebody who took us for dead.
    if (const auto entered = members::put(store_, self_, members::Standing::kMember); !entered)
        return note(Level::kWarning, "members.failed", entered.error().message);
    note(Level::kInfo, "member.entered", "replica=" + self_.hex());
    versions_stale_ = true;
}

void Replicator::Core::refresh_backup_holds() {
    auto records = store_.backups();
    backups_known_ = records.has_value();
    if (!records) return note(Level::kWarning, "backups.failed", records.error().message);
    const std::uint64_t wall_ms = store_.wall_ms();
    backup_holds_.clear();
    for (BackupRecord& record : *records)
        if (record.hold_until_ms > wall_ms) backup_holds_.push_back(std::move(record.versions));
}

/// What every member has seen, as far as this replica has seen all that they wrote before; nothing
/// if somebody has not been heard of. A linked replica that is not in the list is waited for as
/// well if it may write: the list may be late. One that may not has written nothing that could be
/// on its way; and of a peer that is many replicas only those count that are remembered.
std::optional<VersionVector> Replicator::Core::stable_version(const std::string& name,
                                                              const Bucket& bucket) const {
    std::set<ReplicaId> waited_for = members::waited_for(members_, bucket.version, self_);
    for (const auto& [id, link] : links_)
        if (link.replica && *link.replica != self_ && !members_.contains(*link.replica) &&
            link.rights(name).write && room_for(bucket, *link.replica).any)
            waited_for.insert(*link.replica);
    if (options_.reads)
        std::erase_if(waited_for, [&](const ReplicaId& replica) {
            return bucket.version[replica] == 0 && !options_.reads(replica, name);
        });
    if (KIGUMI_DEFECT(kCollectedOneMemberEarly) && !waited_for.empty())
        waited_for.erase(waited_for.begin());
    std::optional<VersionVector> stable = bucket.version;
    for (const ReplicaId& replica : waited_for) {
        const VersionVector* settled = bucket.acknowledgements.settled(replica);
        if (settled == nullptr) return std::nullopt;
        stable->meet(*settled);
    }
    // A backup is a peer that is a file: the next incremental one has to carry the removals since
    // the last. A bucket that the last one did not have goes in full, and needs none.
    if (!backups_known_) return std::nullopt;
    for (const auto& versions : backup_holds_)
        if (const auto held = versions.find(name); held != versions.end())
            stable->meet(held->second);
    return stable;
}

void Replicator::Core::collect(const std::string& name, Bucket& bucket) {
    if (bucket.collect_cursor.empty()) {
        auto stable = stable_version(name, bucket);
        if (!stable || *stable == bucket.collected_upto) return;
        bucket.collected_upto = std::move(*stable);
    }
    auto snapshot = store_.read(name);
    if (!snapshot) return note(Level::kWarning, "collect.failed", snapshot.error().message);
    const auto places =
        snapshot->collectable(bucket.collected_upto, options_.collect_rows, bucket.collect_cursor);
    if (!places) return note(Level::kWarning, "collect.failed", places.error().message);
    if (places->empty()) return;
    const auto collected = [&]() -> Result<std::size_t> {
        KIGUMI_TRY(WriteTransaction tx, store_.write(name));
        KIGUMI_TRY(const std::size_t rows, tx.collect(*places, bucket.collected_upto));
        KIGUMI_CHECK(tx.commit());
        return rows;
    }();
    if (!collected) {
        bucket.collected_upto = {};
        bucket.collect_cursor.clear();
        return note(Level::kWarning, "collect.failed", collected.error().message);
    }
    bucket.collected += *collected;
    note(Level::kDebug, "collect.done", "bucket=" + name + " rows=" + std::to_string(*collected));
}

/// What has waited longest goes first and the rest at the next pass: what everybody holds of a
/// large cluster is its size squared, and nothing hurries.
void Replicator::Core::send_hearsay(const std::string& name, Bucket& bucket, std::uint64_t now_ms) {
    const auto may_lack = [&](auto& entry) {
        if (!preferred(entry.second) || !entry.second.rights(name).read) return false;
        return entry.second.buckets[name].heard_from < bucket.acknowledgements.changes();
    };
    if (std::none_of(links_.begin(), links_.end(), may_lack)) return;
    const NamedVersion own(bucket.version);
    std::vector<const Acknowledgements::Told*> all;
    for (const auto& told : bucket.acknowledgements.all()) all.push_back(&told);
    std::sort(all.begin(), all.end(), [](const auto* one, const auto* other) {
        return one->second.change < other->second.change;
    });
    for (auto& [id, link] : links_) {
        if (!preferred(link) || !link.rights(name).read) continue;
        Peering& peering = link.buckets[name];
        const NamedVersion* since = peering.refer(now_ms);
        wire::Hearsay whole{name, {}};
        wire::HearsayChange changes{name, {}, {}};
        std::size_t bytes = 0;
        for (const auto* told : all) {
            const auto& [replica, heard] = *told;
            // What was trimmed says less than that replica did: it could count too early there.
            if (heard.change <= peering.heard_from || heard.trimmed) continue;
            if (bytes > kHearsayBytes) {
                collect_due_.insert(name);
                break;
            }
            peering.heard_from = heard.change;
            if (replica == *link.replica || heard.from == id) continue;
            // Word of a replica comes the way that its events come.
            if (!peering.carries(replica)) continue;
            if (since == nullptr) {
                whole.acknowledged.emplace_back(replica, heard.newest);
                bytes += heard.newest.size() * 30;
            } else {
                auto entries = change_between(own, heard.newest).entries;
                bytes += 24 + entries.size() * 30;
                changes.acknowledged.emplace_back(replica, std::move(entries));
            }
        }
        if (!whole.acknowledged.empty()) send(link, whole);
        if (changes.acknowledged.empty()) continue;
        changes.version = change_between(*since, own.version);
        send(link, changes);
    }
}

void Replicator::Core::on(Link& link, const wire::Hearsay& hearsay, std::uint64_t) {
    const auto it = buckets_.find(hearsay.bucket);
    if (it == buckets_.end()) return;
    for (const auto& [replica, version] : hearsay.acknowledged)
        if (matters(it->second, replica)) hear_of(link, it->second, replica, version);
}

void Replicator::Core::on(Link& link, const wire::HearsayChange& hearsay, std::uint64_t now_ms) {
    const auto it = buckets_.find(hearsay.bucket);
    const auto peering = link.buckets.find(hearsay.bucket);
    if (it == buckets_.end() || peering == link.buckets.end()) return;
    const auto theirs =
        resolve(link, hearsay.bucket, peering->second.said, hearsay.version, now_ms);
    if (!theirs) return;
    for (const auto& [replica, entries] : hearsay.acknowledged)
        if (matters(it->second, replica))
            hear_of(link, it->second, replica, changed(*theirs, {0, entries}));
}

/// Only of those who count for collection; anybody can be made up.
bool Replicator::Core::matters(const Bucket& bucket, const ReplicaId& replica) const {
    return replica != self_ && !linked_to(replica) &&
           (members_.contains(replica) || bucket.version[replica] > 0);
}

void Replicator::Core::hear_of(const Link& link, Bucket& bucket, const ReplicaId& replica,
                               const VersionVector& version) {
    if (version.size() > kMaxHearsayVector) return;
    bucket.acknowledgements.hear_of(replica, version, bucket.version, link.id, store_.wall_ms());
    peers_of_changed(bucket);
    collect_due_.insert(std::string(bucket.name));
}

}  // namespace kigumi
