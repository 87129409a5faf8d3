#include <algorithm>

#include "kigumi/crdt/json.hpp"
#include "replicator_core.hpp"

/// The audit: equal knowledge must mean equal rows, and where it does not, both sides are given
/// what either has.
namespace kigumi {
namespace {

/// Between two ranges, so that writers and peers get their turns.
constexpr std::uint64_t kStepPauseMs = 10;
/// While rows of the bucket are on their way in bulk.
constexpr std::uint64_t kBusyPauseMs = 1'000;
/// How long a pair that has never been through an audit waits for its first, at the most.
constexpr std::uint64_t kFirstAuditMs = 600'000;
/// The one asked may find more rows of removals in a range than the one who asks.
constexpr std::size_t kAnswerFactor = 4;
/// A row beyond this does not fit into a message beside the vectors.
constexpr std::size_t kMaxRowBytes = std::size_t{768} << 10;
/// A bound on what strangers can make us keep.
constexpr std::size_t kMaxAudited = 10'000;

std::string named(const std::string& bucket, const RowKey& at) {
    return "bucket=" + bucket +
           " key=" + (is_utf8(at.key) ? json_string(at.key) : to_json(Value(Bytes{at.key}))) +
           " type=" + std::string(name_of(at.type)) + " path=" + path_json(at);
}

}  // namespace

bool Replicator::Core::audits(const Link& link) const {
    if (options_.audit_ms == 0 || !link.replica || !link.dialled) return false;
    return std::none_of(links_.begin(), links_.end(), [&link](const auto& entry) {
        const Link& other = entry.second;
        return other.id < link.id && other.up && other.dialled && other.replica == link.replica;
    });
}

std::uint64_t Replicator::Core::first_audit_ms(const Link& link, const Bucket& bucket,
                                               std::uint64_t now_ms) {
    const auto last = bucket.audits.find(*link.replica);
    std::uint64_t wait_ms = std::min(options_.audit_ms, kFirstAuditMs);
    if (last != bucket.audits.end() && last->second.ended_ms != 0) {
        const std::uint64_t due_ms = last->second.ended_ms + options_.audit_ms;
        const std::uint64_t wall_ms = store_.wall_ms();
        // A clock that went back must not put it off for longer than usual.
        wait_ms = due_ms > wall_ms ? std::min(due_ms - wall_ms, options_.audit_ms) : 0;
    }
    return now_ms + jittered(std::max(wait_ms, options_.round_ms));
}

std::uint64_t Replicator::Core::next_audit_ms(const Link& link) const {
    std::uint64_t at = ~std::uint64_t{0};
    if (link.audit) return link.audit->deadline_ms + 1;
    if (!audits(link) || !link.breaker.closed()) return at;
    const DueQueue& due = link.buckets.agenda().audits;
    return due.empty() ? at : due.begin()->first;
}

void Replicator::Core::audit_all(std::uint64_t now_ms) {
    for (auto& [id, link] : links_) {
        if (!link.up || !audits(link)) continue;
        if (link.audit && link.audit->deadline_ms < now_ms) {
            // The question or its answer was lost, or the peer has no such bucket.
            link.buckets[link.audit->bucket].audit_at_ms =
                now_ms + jittered(options_.backoff_max_ms);
            link.audit.reset();
        }
        if (link.audit || !link.breaker.closed()) continue;
        const DueQueue& due = link.buckets.agenda().audits;
        if (due.empty() || due.begin()->first > now_ms) continue;
        const std::string name(due.begin()->second);
        Peering& peering = link.buckets[name];
        Bucket& bucket = buckets_.at(name);
        if (!peering.known)
            peering.audit_at_ms = 0;
        else if (link.rights(name) != Rights())
            peering.audit_at_ms = first_audit_ms(link, bucket, now_ms);
        else
            ask_audit(link, name, bucket, now_ms);
    }
}

void Replicator::Core::ask_audit(Link& link, const std::string& name, Bucket& bucket,
                                 std::uint64_t now_ms) {
    Peering& peering = link.buckets[name];
    if (bucket.version.empty() || bucket.pull.active() || bucket.folding ||
        pull_server_.serves(name)) {
        peering.audit_at_ms = now_ms + kBusyPauseMs;
        return;
    }
    wire::Audit question;
    const auto asked = [&]() -> Result<audit::Digest> {
        KIGUMI_TRY(ReadTransaction snapshot, store_.read(name));
        question.version = snapshot.version();
        return audit::digest(snapshot, {peering.audit_from, {}},
                             {options_.audit_rows, options_.audit_bytes});
    }();
    if (!asked) {
        peering.audit_at_ms = now_ms + options_.backoff_max_ms;
        return note(Level::kWarning, "audit.failed",
                    "bucket=" + name + " reason=\"" + asked.error().message + '"');
    }
    deal_with(name, asked->problems);
    question.bucket = name;
    question.session = options_.random();
    question.from = peering.audit_from;
    question.to = asked->upto;
    question.hash = asked->hash;
    question.rows = asked->rows;
    link.audit = AuditQuestion{question.session,
                               name,
                               question.from,
                               question.to,
                               question.rows,
                               now_ms,
                               now_ms + link.round_trip.timeout_ms()};
    send_audit(link, question);
}

void Replicator::Core::on(Link& link, const wire::Audit& audit, std::uint64_t now_ms) {
    const auto known = buckets_.find(audit.bucket);
    if (known == buckets_.end()) return;
    // A question is as good as a digest of its sender.
    if (!hear_version(link, audit.bucket, known->second, audit.version, now_ms)) return;
    const audit::Range range{audit.from, audit.to};
    const audit::Limits limits{kAnswerFactor * options_.audit_rows, 2 * options_.audit_bytes};
    wire::AuditAnswer answer;
    answer.session = audit.session;
    std::optional<wire::Audit> asked_back;
    std::vector<check::Problem> problems;
    const auto answered = [&]() -> Result<void> {
        KIGUMI_TRY(ReadTransaction snapshot, store_.read(audit.bucket));
        // The stored rows are not those that show; the peer asks again later.
        if (snapshot.folding()) return fail(ErrorCode::kBusy, "rows are being folded in");
        answer.version = snapshot.version();
        answer.floor = snapshot.floor();
        KIGUMI_TRY(audit::Digest digest, audit::digest(snapshot, range, limits));
        problems = std::move(digest.problems);
        answer.upto = digest.upto;
        answer.equal =
            digest.upto == audit.to && digest.hash == audit.hash && digest.rows == audit.rows;
        if (answer.equal) return {};
        if (settles_itself(link, audit.bucket, now_ms)) {
            KIGUMI_TRY(const bool forked, snapshot.forked());
            if (forked) {
                asked_back = {audit.bucket,   options_.random(), audit.from, digest.upto,
                              answer.version, digest.hash,       digest.rows};
                return {};
            }
        }
        KIGUMI_TRY(audit::Rows rows, audit::rows(snapshot, range, limits, kMaxRowBytes));
        answer.upto = std::move(rows.upto);
        answer.skipped = rows.skipped;
        answer.batch = std::move(rows.batch);
        answer.damaged = std::move(rows.damaged);
        return {};
    }();
    if (!answered)
        return note(answered.error().code == ErrorCode::kBusy ? Level::kDebug : Level::kWarning,
                    "audit.failed",
                    "bucket=" + audit.bucket + " reason=\"" + answered.error().message + '"');
    deal_with(audit.bucket, problems);
    if (asked_back) {
        link.audit = AuditQuestion{asked_back->session,
                                   audit.bucket,
                                   asked_back->from,
                                   asked_back->to,
                                   asked_back->rows,
                                   now_ms,
                                   now_ms + link.round_trip.timeout_ms()};
        return send_audit(link, *asked_back);
    }
    if (answer.upto.empty()) count_audit(link, known->second, 0, true);
    send_audit(link, answer);
}

/// A store that used names twice asks back instead of giving its rows away: only where those of the
/// other side are can it tell which of its own writes have to get another name. The peer asks again
/// later. Not while it waits for an answer itself: two such stores would wait for each other.
bool Replicator::Core::settles_itself(Link& link, const std::string& name, std::uint64_t now_ms) {
    if (link.audit && link.audit->deadline_ms < now_ms) link.audit.reset();
    return !link.audit && link.rights(name) == Rights();
}

void Replicator::Core::on(Link& link, const wire::AuditAnswer& answer, std::uint64_t now_ms) {
    if (!link.audit || link.audit->session != answer.session) return;
    const AuditQuestion question = *link.audit;
    link.audit.reset();
    link.round_trip.sample(now_ms - question.asked_ms);
    const audit::Range range{question.from, answer.upto};
    const bool within =
        answer.upto.empty()
            ? question.to.empty()
            : answer.upto > question.from && (question.to.empty() || answer.upto <= question.to);
    if (!within) return refuse(link, "an audit answer is about another range");
    Peering& peering = link.buckets[question.bucket];
    peering.audit_rows += question.rows;
    if (answer.skipped)
        note(Level::kWarning, "audit.skipped",
             "bucket=" + question.bucket +
                 " reason=\"a row that differs is too large for a "
                 "message; write it again\"");
    if (!answer.equal && !answer.skipped) {
        audit::Theirs theirs{{},
                             answer.version,
                             answer.floor,
                             {answer.damaged.begin(), answer.damaged.end()},
                             false};
        // Asked again only if the outcome does not come.
        peering.audit_at_ms = now_ms + kBusyPauseMs;
        return settle(link, question.bucket, range, true, std::move(theirs), answer.batch, now_ms,
                      [this, question, upto = answer.upto](
                          Link& from, const audit::Outcome& outcome, std::uint64_t at_ms) {
                          if (!buckets_.contains(question.bucket)) return;
                          std::vector<RowKey> lacking = outcome.damaged_there;
                          for (const auto& difference : outcome.differences)
                              if (difference.lacking) lacking.push_back(difference.at);
                          from.buckets[question.bucket].audit_differences +=
                              outcome.differences.size();
                          send_lacking(from, question.bucket, lacking);
                          go_on_with_audit(from, question, upto, at_ms);
                      });
    }
    go_on_with_audit(link, question, answer.upto, now_ms);
}

void Replicator::Core::go_on_with_audit(Link& link, const AuditQuestion& question,
                                        const std::string& upto, std::uint64_t now_ms) {
    Peering& peering = link.buckets[question.bucket];
    peering.audit_from = upto;
    peering.audit_at_ms = now_ms + kStepPauseMs;
    if (!upto.empty()) return;
    note(peering.audit_differences == 0 ? Level::kDebug : Level::kInfo, "audit.done",
         "bucket=" + question.bucket + " peer=" + link.replica->short_hex() +
             " rows=" + std::to_string(peering.audit_rows) +
             " differences=" + std::to_string(peering.audit_differences));
    count_audit(link, buckets_.at(question.bucket), 0, true);
    peering.audit_rows = 0;
    peering.audit_differences = 0;
    peering.audit_at_ms = now_ms + jittered(options_.audit_ms);
}

void Replicator::Core::settle(Link& link, const std::string& name, const audit::Range& range,
                              bool whole, audit::Theirs theirs, const std::string& batch,
                              std::uint64_t now_ms, AfterSettling then) {
    if (const auto sound = audit::unpack(batch, range, theirs); !sound)
        return refuse(link, sound.error().message);
    auto rows = std::make_shared<std::vector<KeyedRow>>();
    for (const auto& [place, keyed] : theirs.rows) rows->push_back(keyed);
    check_proofs(link, name, std::move(rows), now_ms,
                 [this, name, range, whole, then = std::move(then),
                  theirs = std::make_shared<audit::Theirs>(std::move(theirs))](
                     Link& from, const Result<bool>& checked, std::uint64_t at_ms) {
                     audit::Outcome outcome;
                     if (!checked) {
                         reject_writes(from, name, checked.error(), at_ms);
                     } else {
                         theirs->as_signed = *checked;
                         outcome = unite(from, name, range, whole, *theirs);
                     }
                     if (then) then(from, outcome, at_ms);
                 });
}

audit::Outcome Replicator::Core::unite(Link& link, const std::string& name,
                                       const audit::Range& range, bool whole,
                                       const audit::Theirs& theirs) {
    if (!buckets_.contains(name)) return {};
    auto outcome = audit::settle(store_, name, range, whole, theirs);
    if (!outcome) {
        note(Level::kWarning, "audit.failed",
             "bucket=" + name + " peer=" + link.replica->short_hex() + " reason=\"" +
                 outcome.error().message + '"');
        return audit::Outcome();
    }
    // What was written again are events like any others.
    versions_stale_ = versions_stale_ || !outcome->differences.empty();
    if (!outcome->refused.empty())
        note(Level::kWarning, "audit.failed",
             "bucket=" + name + " peer=" + link.replica->short_hex() + " reason=\"" +
                 outcome->refused.front().message +
                 "\" rows=" + std::to_string(outcome->refused.size()));
    for (const auto& difference : outcome->differences)
        note(Level::kWarning, "audit.difference",
             named(name, difference.at) + " peer=" + link.replica->short_hex() + " taken=" +
                 std::to_string(difference.taken) + " given=" + (difference.lacking ? "yes" : "no"),
             link.id);
    count_audit(link, buckets_.at(name), outcome->differences.size(), false);
    return std::move(*outcome);
}

void Replicator::Core::send_lacking(Link& link, const std::string& name,
                                    const std::vector<RowKey>& lacking) {
    if (lacking.empty()) return;
    auto snapshot = store_.read(name);
    if (!snapshot) return;
    BatchWriter batch;
    const auto finish = [&] {
        if (batch.rows() > 0)
            send_audit(link, wire::AuditRows{name, snapshot->version(), snapshot->floor(),
                                             batch.finish()});
    };
    for (const RowKey& at : lacking) {
        const auto row = snapshot->get(at);
        // It may be gone by now; and the next audit finds what is left.
        if (!row || row->empty() || encode_batch({{at, *row}}).size() > kMaxRowBytes) continue;
        if (batch.bytes() + encode_batch({{at, *row}}).size() > kMaxRowBytes) finish();
        batch.add({at, *row});
    }
    finish();
}

void Replicator::Core::on(Link& link, const wire::AuditRows& rows, std::uint64_t now_ms) {
    if (!buckets_.contains(rows.bucket)) return;
    settle(link, rows.bucket, {}, false, {{}, rows.version, rows.floor, {}, false}, rows.batch,
           now_ms, {});
}

void Replicator::Core::send_audit(const Link& link, const wire::Message& message) {
    std::string bytes = wire::encode(message);
    // Vectors of very many origins leave no room for rows.
    if (bytes.size() > wire::kMaxMessageBytes)
        return note(Level::kWarning, "audit.failed", "reason=\"a message exceeds 1 MiB\"");
    effects.sends.push_back({link.id, std::move(bytes)});
}

void Replicator::Core::deal_with(const std::string& name,
                                 const std::vector<check::Problem>& problems) {
    for (const check::Problem& problem : problems) {
        const auto mended = [&]() -> Result<bool> {
            if (problem.kind != check::Kind::kMissingLogEntry &&
                problem.kind != check::Kind::kMissingRemovedEntry)
                return false;
            KIGUMI_TRY(WriteTransaction txn, store_.write(name));
            KIGUMI_TRY(const bool mended_now, txn.mend(problem));
            KIGUMI_CHECK(txn.commit());
            return mended_now;
        }();
        note(Level::kWarning, mended && *mended ? "audit.mended" : "audit.damaged",
             named(name, problem.at) + " problem=\"" + describe(problem) + '"');
    }
}

void Replicator::Core::count_audit(const Link& link, Bucket& bucket, std::uint64_t differences,
                                   bool ended) {
    const auto it = bucket.audits.find(*link.replica);
    if (it == bucket.audits.end() && bucket.audits.size() >= kMaxAudited) return;
    Audited& audited = bucket.audits[*link.replica];
    audited.differences += differences;
    if (ended) audited.ended_ms = store_.wall_ms();
    if (ended) ++counters_.audits_done;
    peers_of_changed(bucket);
}

}  // namespace kigumi
