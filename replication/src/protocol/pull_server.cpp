#include "pull_server.hpp"

#include <algorithm>

#include "kigumi/crdt/defect.hpp"
#include "newest_heads.hpp"

namespace kigumi {
namespace {

constexpr std::uint64_t kIdleMs = 10'000;

/// Adds rows to the batch until it is full (false) or all have been looked at (true).
Result<bool> fill_from_rows(ReadTransaction& snapshot, wire::Cursor& cursor, BatchWriter& batch,
                            std::size_t batch_bytes) {
    KIGUMI_CHECK(snapshot.scan(cursor.row, [&](const RowKey& at, const Row& row) {
        if (at == cursor.row) return true;
        batch.add({at, row});
        cursor.row = at;
        return batch.bytes() < batch_bytes;
    }));
    return batch.bytes() < batch_bytes;
}

void next_phase(wire::Cursor& cursor, const VersionVector& version) {
    cursor.in_rows = false;
    cursor.row = {};
    cursor.from = cursor.to;
    cursor.to = version;
    cursor.position = {};
}

}  // namespace

void PullServer::begin(LinkId link, const wire::Pull& pull, std::uint64_t now_ms, Effects& effects,
                       bool heads) {
    const Name name(link, pull.bucket);
    const auto running = std::count_if(sessions_.begin(), sessions_.end(), [&](const auto& entry) {
        return entry.first.first == link && entry.first != name;
    });
    if (running >= kMaxPullsPerLink)
        return refuse(link, pull.session, "too many pulls at once", effects);
    const auto snapshot = store_.read(pull.bucket);
    if (!snapshot) return refuse(link, pull.session, snapshot.error().message, effects);
    // Nobody was told of such a bucket.
    if (snapshot->version().empty()) return refuse(link, pull.session, "no such bucket", effects);
    Session session{pull.session, options_.random(), pull.bucket, {}, within_bounds(pull.credit), 0,
                    now_ms,       pull.base,         heads};
    const bool resumable = pull.resume && pull.resume->floor == snapshot->floor() &&
                           snapshot->version().covers(pull.resume->to);
    if (resumable) {
        session.cursor = *pull.resume;
    } else if (pull.resume) {
        return refuse(link, pull.session, "cannot resume", effects);
    } else {
        session.cursor.full = !pull.base.covers(snapshot->floor()) && !KIGUMI_DEFECT(kNoFloor);
        session.cursor.in_rows = session.cursor.full;
        session.cursor.floor = snapshot->floor();
        session.cursor.from = pull.base;
        session.cursor.to = snapshot->version();
        if (!session.cursor.full && !snapshot->indexed(pull.base, snapshot->version()))
            return refuse(link, pull.session, "rows are being folded in", effects);
    }
    sessions_[name] = std::move(session);
    pump(name, effects);
}

std::uint64_t PullServer::within_bounds(std::uint64_t credit) const {
    return std::min<std::uint64_t>(credit, options_.pull_credit_bytes);
}

void PullServer::grant(LinkId link, const wire::Credit& credit, std::uint64_t now_ms,
                       Effects& effects) {
    for (auto& [name, session] : sessions_) {
        if (name.first != link || session.id != credit.session) continue;
        session.credit = within_bounds(session.credit + within_bounds(credit.bytes));
        session.active_ms = now_ms;
        const Name found = name;
        return pump(found, effects);
    }
}

void PullServer::cancel(LinkId link, std::uint64_t session) {
    std::erase_if(sessions_, [&](const auto& entry) {
        return entry.first.first == link && entry.second.id == session;
    });
}

void PullServer::go_on(const std::string& bucket, Effects& effects) {
    std::vector<Name> names;
    for (const auto& [name, session] : sessions_)
        if (name.second == bucket) names.push_back(name);
    for (const Name& name : names) pump(name, effects);
}

void PullServer::link_down(LinkId link) {
    std::erase_if(sessions_, [link](const auto& entry) { return entry.first.first == link; });
}

bool PullServer::serves(const std::string& bucket) const {
    return std::any_of(sessions_.begin(), sessions_.end(),
                       [&bucket](const auto& entry) { return entry.first.second == bucket; });
}

void PullServer::expire(std::uint64_t now_ms) {
    std::erase_if(sessions_, [now_ms](const auto& entry) {
        return entry.second.active_ms + kIdleMs < now_ms;
    });
}

void PullServer::refuse(LinkId link, std::uint64_t session, const std::string& reason,
                        Effects& effects) const {
    effects.sends.push_back({link, wire::encode(wire::Cancel{session, reason})});
}

void PullServer::pump(const Name& name, Effects& effects) {
    Session& session = sessions_.at(name);
    const auto finished = send_some(name.first, session, effects);
    if (!finished) refuse(name.first, session.id, finished.error().message, effects);
    if (!finished || *finished) sessions_.erase(name);
}

Result<bool> PullServer::send_some(LinkId link, Session& session, Effects& effects) {
    KIGUMI_TRY(ReadTransaction snapshot, store_.read(session.bucket));
    wire::Cursor& cursor = session.cursor;
    if (!(snapshot.floor() == cursor.floor))
        return fail(ErrorCode::kBusy, "rows were collected meanwhile");
    BatchWriter batch;
    while (session.credit > 0) {
        if (!cursor.in_rows && !snapshot.indexed(cursor.from, cursor.to)) return false;
        KIGUMI_TRY(const bool phase_over,
                   cursor.in_rows ? fill_from_rows(snapshot, cursor, batch, options_.batch_bytes)
                                  : add_changed_rows(snapshot, cursor.from, cursor.to,
                                                     cursor.position, batch, options_.batch_bytes));
        if (batch.rows() > 0) send_batch(link, session, batch, effects);
        if (!phase_over) continue;
        next_phase(cursor, snapshot.version());
        if (KIGUMI_DEFECT(kNoTopUp)) cursor.from = cursor.to;
        if (!cursor.from.covers(cursor.to)) continue;
        wire::Done done{session.id,  session.stream, session.next_number,
                        cursor.from, cursor.floor,   cursor.full};
        if (session.heads) {
            KIGUMI_TRY(done.heads,
                       newest_heads(snapshot, session.base, done.version, wire::kMaxHeads));
        }
        effects.sends.push_back({link, wire::encode(done)});
        return true;
    }
    return false;
}

void PullServer::send_batch(LinkId link, Session& session, BatchWriter& batch, Effects& effects) {
    const std::string bytes = batch.finish();
    session.credit -= std::min<std::uint64_t>(session.credit, bytes.size());
    for (std::size_t at = 0; at < bytes.size(); at += options_.part_bytes) {
        wire::Chunk chunk{session.id,
                          session.stream,
                          session.next_number++,
                          bytes.substr(at, options_.part_bytes),
                          {}};
        if (at + options_.part_bytes >= bytes.size()) chunk.cursor = session.cursor;
        effects.sends.push_back({link, wire::encode(chunk)});
    }
}

}  // namespace kigumi
