#include <utility>

#include "replicator_core.hpp"

/// Proofs of writes in signed buckets. A check takes about 60 µs for each write, so whoever runs
/// the replicator may do it on another thread: what waits for the outcome goes on when that is
/// told.
namespace kigumi {

void Replicator::Core::check_proofs(Link& link, const std::string& name,
                                    std::shared_ptr<std::vector<KeyedRow>> rows,
                                    std::uint64_t now_ms, AfterProofs then) {
    const auto is_signed = store_.is_signed(name);
    if (!is_signed) return then(link, tl::unexpected<Error>(is_signed.error()), now_ms);
    charge_rows(link, *rows, *is_signed);
    if (!*is_signed) return then(link, false, now_ms);
    if (!options_.proofs_elsewhere) return then(link, store_.check_proofs(name, *rows), now_ms);
    const std::uint64_t id = ++last_check_;
    const std::size_t bytes = memory_of(*rows);
    checking_bytes_ += bytes;
    checks_.emplace(id, PendingCheck{link.id, link.greeting, bytes,
                                     std::make_shared<MemoryCharge>(link.inflow.budget(), bytes),
                                     std::move(then)});
    effects.checks.push_back({id, name, std::move(rows)});
}

void Replicator::Core::proofs_checked(std::uint64_t id, const Result<bool>& outcome,
                                      std::uint64_t now_ms) {
    const auto it = checks_.find(id);
    if (it == checks_.end()) return;
    PendingCheck check = std::move(it->second);
    checks_.erase(it);
    checking_bytes_ -= check.bytes;
    const auto link = links_.find(check.link);
    check.charge.reset();
    // The peer has gone, or started over since.
    if (link == links_.end() || !link->second.up || link->second.greeting != check.greeting) return;
    check.then(link->second, outcome, now_ms);
}

void Replicator::Core::reject_writes(Link& link, const std::string& name, const Error& error,
                                     std::uint64_t now_ms) {
    if (error.code != ErrorCode::kCorrupt)
        return note(Level::kWarning, "push.failed", "reason=\"" + error.message + '"');
    tell_unproven(link, error.message);
    // A relay that does not check proofs itself may be honest, and has other buckets. A peer that
    // brings its own writes has made them.
    if (!link.rights(name).relay) return refuse(link, error.message);
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

}  // namespace kigumi
