#include <algorithm>

#include "backup_status.hpp"
#include "command.hpp"
#include "kigumi/crdt/json.hpp"
#include "kigumi/replication/lag.hpp"
#include "kigumi/replication/members.hpp"
#include "opinions.hpp"
#include "text.hpp"

namespace kigumi::cli {
namespace {

/// A replica that removed rows wait for, and since when.
struct Waiting {
    ReplicaId replica;
    std::uint64_t since_ms = 0;  ///< when it last confirmed anything that counts; 0: never
};

struct Status {
    ReplicaId replica;
    VersionVector version;
    bool is_signed = false;
    std::uint64_t wall_ms = 0;
    std::vector<PeerRecord> peers;
    std::map<ReplicaId, ContactRecord> opinions;
    std::vector<Lag> lags;  ///< of the peers
    std::uint64_t rows = 0;
    std::uint64_t removed = 0;  ///< of the rows, those that hold nothing but removals
    bool folding = false;
    std::uint64_t unfolded = 0;  ///< rows of a large pull that are not folded in yet
    std::uint64_t self_doubt = 0;
    RequestCount requests;
    std::vector<Waiting> waiting;
    std::vector<BackupRecord> backups;
    std::vector<BackupRecord> waiting_backups;
    kv::Usage usage;
    std::vector<std::string> buckets;
    std::uint64_t left_out = 0;  ///< of them, those that the daemon does not replicate
    bool daemon = false;
};

/// Rows that are looked at to tell who holds them back.
constexpr std::size_t kRemovedRowsLookedAt = 1'000;

/// Who has not confirmed some of the removals yet.
Result<std::vector<Waiting>> waiting_for(Store& store, ReadTransaction& txn,
                                         const std::vector<PeerRecord>& peers) {
    KIGUMI_TRY(const auto list, kigumi::members::list(store));
    KIGUMI_TRY(const ReplicaId self, store.replica());
    std::vector<Waiting> waiting;
    std::string cursor;
    KIGUMI_TRY(const auto all, txn.collectable(txn.version(), kRemovedRowsLookedAt, cursor));
    for (const ReplicaId& replica : kigumi::members::waited_for(list, txn.version(), self)) {
        const auto peer = std::find_if(peers.begin(), peers.end(), [&replica](const auto& record) {
            return record.replica == replica;
        });
        const PeerRecord none;
        const PeerRecord& known = peer == peers.end() ? none : *peer;
        cursor.clear();
        KIGUMI_TRY(const auto seen, txn.collectable(known.settled, kRemovedRowsLookedAt, cursor));
        if (seen.size() < all.size()) waiting.push_back({replica, known.settled_ms});
    }
    return waiting;
}

/// The targets of backups that have to take over some of the removals yet.
Result<std::vector<BackupRecord>> waiting_backups(const Session& session, ReadTransaction& txn,
                                                  const std::vector<BackupRecord>& backups) {
    std::vector<BackupRecord> waiting;
    std::string cursor;
    KIGUMI_TRY(const auto all, txn.collectable(txn.version(), kRemovedRowsLookedAt, cursor));
    for (const BackupRecord& record : backups) {
        const auto held = record.versions.find(session.bucket);
        if (record.hold_until_ms <= session.store->wall_ms() || held == record.versions.end())
            continue;
        cursor.clear();
        KIGUMI_TRY(const auto there, txn.collectable(held->second, kRemovedRowsLookedAt, cursor));
        if (there.size() < all.size()) waiting.push_back(record);
    }
    return waiting;
}

Result<Status> gather(Session& session) {
    Store& store = *session.store;
    Status status;
    KIGUMI_TRY(status.replica, store.replica());
    KIGUMI_TRY(status.peers, store.peers(session.bucket));
    KIGUMI_TRY(status.opinions, opinions(store));
    KIGUMI_TRY(status.self_doubt, store.self_doubt());
    KIGUMI_TRY(status.backups, store.backups());
    KIGUMI_TRY(status.usage, store.usage());
    KIGUMI_TRY(status.buckets, store.buckets());
    KIGUMI_TRY(status.is_signed, store.is_signed(session.bucket));
    status.daemon = daemon_runs(store.directory());
    KIGUMI_TRY(status.left_out, store.left_out());
    KIGUMI_TRY(auto txn, store.read(session.bucket));
    status.version = txn.version();
    status.wall_ms = store.wall_ms();
    for (const PeerRecord& peer : status.peers) {
        KIGUMI_TRY(const Lag lag, lag_of(txn, status.replica, peer.acknowledged));
        status.lags.push_back(lag);
    }
    KIGUMI_TRY(status.rows, txn.count_rows());
    KIGUMI_TRY(status.removed, txn.count_removed());
    status.folding = txn.folding();
    KIGUMI_TRY(status.unfolded, txn.count_unfolded());
    KIGUMI_TRY(status.requests, count_requests(txn));
    KIGUMI_TRY(status.waiting, waiting_for(store, txn, status.peers));
    KIGUMI_TRY(status.waiting_backups, waiting_backups(session, txn, status.backups));
    return status;
}

/// What the daemon believes of the nodes that it has met.
std::string opinion_json(const ContactRecord& contact) {
    return JsonObject()
        .add("replica", Value(contact.replica.hex()))
        .add("address", Value(contact.address))
        .add("opinion", Value(contact.opinion))
        .add("since", Value(iso_time(Hlc::at_ms(contact.changed_ms))))
        .text();
}

std::string opinion_text(const ContactRecord& contact) {
    return contact.replica.hex() + " " + contact.address + " " + contact.opinion + " since " +
           iso_time(Hlc::at_ms(contact.changed_ms));
}

/// Seconds with one digit.
std::string seconds(std::uint64_t ms) {
    return std::to_string(ms / 1'000) + "." + std::to_string(ms % 1'000 / 100);
}

std::string peer_json(const PeerRecord& peer, const Lag& lag, std::uint64_t wall_ms) {
    JsonObject object;
    object.add("replica", Value(peer.replica.hex())).add("address", Value(peer.address));
    object.add("connected", Value(peer.connected))
        .add("since", Value(iso_time(Hlc::at_ms(peer.changed_ms))));
    object.raw("acknowledged", vector_json(peer.acknowledged))
        .raw("lag", std::to_string(lag.events));
    object.raw("lag_own", std::to_string(lag.own_events));
    object.raw("lag_ms", std::to_string(lag.age_ms(wall_ms)));
    object.add("audited",
               peer.audited_ms == 0 ? Value() : Value(iso_time(Hlc::at_ms(peer.audited_ms))));
    object.raw("differences", std::to_string(peer.differences));
    // Whom `wait` counts it as.
    object.add("peer", peer.peer.empty() ? Value() : Value(peer.peer));
    object.add("holds", Value(peer.holds));
    return object.text();
}

std::string peer_text(const PeerRecord& peer, const Lag& lag, std::uint64_t wall_ms) {
    return peer.replica.hex() + " " + peer.address + " " +
           (peer.connected ? "connected" : "not connected") + " since " +
           iso_time(Hlc::at_ms(peer.changed_ms)) + ", lag " + std::to_string(lag.events) +
           " events, " + (lag.own_events == 0 ? "" : seconds(lag.age_ms(wall_ms)) + " s, ") +
           (peer.audited_ms == 0 ? "not audited yet"
                                 : "audited " + iso_time(Hlc::at_ms(peer.audited_ms))) +
           (peer.differences == 0
                ? ""
                : ", " + std::to_string(peer.differences) + " differences found") +
           (peer.holds ? "" : ", does not count for wait") +
           (peer.peer.empty() ? "" : ", key " + peer.peer);
}

std::string status_json(const Session& session, const Status& status) {
    std::vector<std::string> peers;
    for (std::size_t i = 0; i < status.peers.size(); ++i)
        peers.push_back(peer_json(status.peers[i], status.lags[i], status.wall_ms));
    JsonObject object;
    object.add("replica", Value(status.replica.hex())).add("bucket", Value(session.bucket));
    object.add("signed", Value(status.is_signed));
    object.raw("version", vector_json(status.version)).raw("rows", std::to_string(status.rows));
    std::vector<std::string> waiting;
    for (const Waiting& one : status.waiting)
        waiting.push_back(JsonObject()
                              .add("replica", Value(one.replica.hex()))
                              .add("since", one.since_ms == 0
                                                ? Value()
                                                : Value(iso_time(Hlc::at_ms(one.since_ms))))
                              .text());
    object.raw("removed_rows", std::to_string(status.removed));
    object.raw("rows_to_fold", status.folding ? std::to_string(status.unfolded) : "null");
    object.raw("collection_waits_for", json_array(waiting));
    Array held;
    for (const BackupRecord& record : status.waiting_backups) held.push_back(Value(record.path));
    object.add("collection_waits_for_backups", Value(std::move(held)));
    object.raw("requests", std::to_string(status.requests.remembered));
    object.raw("requests_executed_twice", std::to_string(status.requests.concurrent));
    object.raw("peers", json_array(peers));
    std::vector<std::string> nodes;
    for (const auto& [replica, contact] : status.opinions) nodes.push_back(opinion_json(contact));
    object.raw("nodes", json_array(nodes));
    object.raw("self_doubt", status.daemon ? std::to_string(status.self_doubt) : "null");
    std::vector<std::string> backups;
    for (const BackupRecord& record : status.backups)
        backups.push_back(backup_json(record, session.store->wall_ms()));
    object.raw("backups", json_array(backups));
    object.raw("file_bytes", std::to_string(status.usage.file_bytes));
    object.raw("map_bytes", std::to_string(status.usage.map_bytes));
    object.raw("buckets_not_replicated", status.daemon ? std::to_string(status.left_out) : "null");
    object.add("buckets", Value(Array(status.buckets.begin(), status.buckets.end())));
    return object.add("daemon", Value(status.daemon)).text();
}

}  // namespace

Result<Answer> status(Session& session) {
    KIGUMI_TRY(const Status status, gather(session));
    Output& out = session.out;
    if (session.json) {
        out.line(status_json(session, status));
        return Answer::kYes;
    }
    std::string buckets;
    for (const std::string& name : status.buckets)
        buckets += (buckets.empty() ? "" : " ") + json_string(name);
    out.line("replica  " + status.replica.hex());
    out.line("daemon   " + std::string(status.daemon ? "running" : "not running"));
    out.line("bucket   " + json_string(session.bucket) + (status.is_signed ? ", signed" : ""));
    out.line("version  " + vector_text(status.version));
    out.line("rows     " + std::to_string(status.rows));
    out.line("removed  " + std::to_string(status.removed) + " rows, to be collected");
    if (status.folding)
        out.line("folding  what a large pull brought: " + std::to_string(status.unfolded) +
                 " rows left");
    for (const Waiting& one : status.waiting)
        out.line("waits    for " + one.replica.hex() +
                 (one.since_ms == 0 ? ", which has confirmed nothing yet"
                                    : " since " + iso_time(Hlc::at_ms(one.since_ms))));
    for (const BackupRecord& record : status.waiting_backups)
        out.line("waits    for the next backup to " + record.path + ", until " +
                 iso_time(Hlc::at_ms(record.hold_until_ms)) + " at the latest");
    out.line("requests " + std::to_string(status.requests.remembered) + " remembered, " +
             std::to_string(status.requests.concurrent) +
             " of them executed more than once, by nodes that were cut off");
    for (std::size_t i = 0; i < status.peers.size(); ++i)
        out.line("peer     " + peer_text(status.peers[i], status.lags[i], status.wall_ms));
    for (const auto& [replica, contact] : status.opinions)
        out.line("node     " + opinion_text(contact));
    if (status.daemon && status.self_doubt > 0)
        out.line("doubt    of itself: " + std::to_string(status.self_doubt) +
                 ", it answers too slowly; others are accused as much later");
    for (const BackupRecord& record : status.backups)
        out.line("backup   " + backup_text(record, session.store->wall_ms()));
    out.line("file     " + std::to_string(status.usage.file_bytes) + " bytes");
    out.line("map      " + std::to_string(status.usage.map_bytes) + " bytes");
    if (status.daemon && status.left_out > 0)
        out.line("warning  " + std::to_string(status.left_out) +
                 " buckets are NOT replicated: there are more than max_buckets; raise it");
    out.line("buckets  " + (buckets.empty() ? "none yet" : buckets));
    return Answer::kYes;
}

Result<Answer> version(Session& session) {
    session.out.line(session.json ? JsonObject().add("version", Value(KIGUMI_VERSION)).text()
                                  : "kigumi " KIGUMI_VERSION);
    return Answer::kYes;
}

}  // namespace kigumi::cli
