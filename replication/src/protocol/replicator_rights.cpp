#include <algorithm>

#include "kigumi/crdt/json.hpp"
#include "replicator_core.hpp"

/// What a peer may say, by the rights of its key. What it says without them is refused whole.
namespace kigumi {
namespace {

/// Different refusals of one link that are told of; the rest is counted only.
constexpr std::size_t kMaxTold = 64;

/// The bucket that a message is about, for those that name one.
std::string bucket_of(const wire::Message& message) {
    return std::visit(
        [](const auto& body) -> std::string {
            if constexpr (requires { body.bucket; }) return body.bucket;
            return {};
        },
        message);
}

}  // namespace

std::optional<std::string> Replicator::Core::forbidden(const Link& link, wire::Message& message) {
    if (!link.policy) return std::nullopt;
    // What a peer holds of a bucket that is none of its business does not matter.
    const auto barred = [&](const std::string& name) {
        return link.rights(name) == Rights::none();
    };
    const auto others = [&](const auto& told) { return !link.policy->owns(told.first); };
    if (auto* const digest = std::get_if<wire::Digest>(&message))
        std::erase_if(digest->versions, [&](const auto& entry) { return barred(entry.first); });
    if (auto* const digest = std::get_if<wire::DigestChange>(&message))
        std::erase_if(digest->versions, [&](const auto& entry) { return barred(entry.bucket); });
    if (auto* const hearsay = std::get_if<wire::Hearsay>(&message))
        if (!link.rights(hearsay->bucket).relay) std::erase_if(hearsay->acknowledged, others);
    if (auto* const hearsay = std::get_if<wire::HearsayChange>(&message))
        if (!link.rights(hearsay->bucket).relay) std::erase_if(hearsay->acknowledged, others);

    const std::string bucket = bucket_of(message);
    const Rights rights = link.rights(bucket);
    const bool asks =
        std::holds_alternative<wire::Pull>(message) || std::holds_alternative<wire::Audit>(message);
    if (asks && !rights.read) return "it may not read this bucket";
    const bool brings = std::holds_alternative<wire::Push>(message) ||
                        std::holds_alternative<wire::PushChange>(message);
    if (brings && !rights.write) return "it may not write to this bucket";
    // A union takes writes of anybody, and looks at no version: only of who may bring them.
    if (std::holds_alternative<wire::AuditRows>(message) && !(rights.write && rights.relay))
        return "it may not bring events of others into this bucket";
    if (const auto* const answer = std::get_if<wire::AuditAnswer>(&message)) {
        const bool expected = link.audit && link.audit->session == answer->session;
        if (expected && link.rights(link.audit->bucket) != Rights())
            return "it may not bring events of others into this bucket";
    }
    return std::nullopt;
}

bool Replicator::Core::brings_others(const Link& link, const Bucket& bucket,
                                     const VersionVector& version) const {
    if (!link.policy) return false;
    return std::any_of(version.begin(), version.end(), [&](const auto& entry) {
        return bucket.version[entry.first] < entry.second && !link.policy->owns(entry.first);
    });
}

std::optional<std::string> Replicator::Core::forbidden(const Link& link, const wire::Push& push) {
    if (link.rights(push.bucket).relay) return std::nullopt;
    VersionVector carried;
    for (const auto& [origin, counter] : push.version)
        if (push.base[origin] < counter) carried.raise(origin, counter);
    if (brings_others(link, buckets_.at(push.bucket), carried))
        return "it may not bring events of others into this bucket";
    return std::nullopt;
}

std::optional<std::string> Replicator::Core::forbidden(const Link& link, const wire::Done& done) {
    std::string name;
    const Bucket* const bucket = pulling(link, done.session, name);
    if (bucket == nullptr) return std::nullopt;
    const Rights rights = link.rights(name);
    if (!rights.write) return "it may not write to this bucket";
    if (rights.relay) return std::nullopt;
    // Rows that it has not would be dropped here, whoever wrote them.
    if (done.full) return "only a peer that may relay can send a bucket in full";
    if (brings_others(link, *bucket, done.version))
        return "it may not bring events of others into this bucket";
    return std::nullopt;
}

void Replicator::Core::reject_writes(Link& link, const Error& error, std::uint64_t now_ms) {
    if (error.code != ErrorCode::kCorrupt)
        return note(Level::kWarning, "push.failed", "reason=\"" + error.message + '"');
    tell_unproven(link, error.message);
    // Not closed: a relay that does not check proofs itself may be honest, and has other buckets.
    count_failure(link, now_ms);
}

void Replicator::Core::tell_unproven(Link& link, const std::string& reason) {
    ++counters_.unproven;
    if (link.denied.size() >= kMaxTold || !link.denied.insert(reason).second) return;
    note(Level::kWarning, "write.refused",
         label(link) + " reason=\"" + reason +
             "\" all_refused=" + std::to_string(counters_.unproven),
         link.id);
}

void Replicator::Core::deny(Link& link, const wire::Message& message, const std::string& reason) {
    ++counters_.denied;
    if (const auto* const pull = std::get_if<wire::Pull>(&message))
        // The same as of a bucket that does not exist: that it does is nobody's business either.
        send(link, wire::Cancel{pull->session, "no such bucket"});
    std::string name = bucket_of(message);
    if (const auto* const done = std::get_if<wire::Done>(&message))
        pulling(link, done->session, name);
    const std::string what = "bucket=" + json_string(name) + " reason=\"" + reason + '"';
    if (link.denied.size() >= kMaxTold || !link.denied.insert(what).second) return;
    note(Level::kWarning, "peer.denied",
         "replica=" + (link.replica ? link.replica->short_hex() : "?") + " address=" +
             link.address + ' ' + what + " all_denied=" + std::to_string(counters_.denied));
}

}  // namespace kigumi
