#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/replication/peer_policy.hpp"
#include "kigumi/replication/store.hpp"

namespace kigumi {

/// A connection to another node, numbered by whoever owns the sockets. Never reused.
using LinkId = std::uint64_t;

struct ReplicatorStatus;

/// The parameters of replication. Sizes in bytes, times in milliseconds.
struct ReplicatorOptions {
    /// How often neighbours compare version vectors. Shorter finds lost messages sooner and costs
    /// one small message per link and round.
    std::uint64_t round_ms = 500;
    /// How often to look for removed rows that may be collected, and to pass on what others have
    /// acknowledged.
    std::uint64_t collect_ms = 1'000;
    /// Removed rows that are looked at in one step: no writer waits longer than for these.
    std::size_t collect_rows = 4'096;
    /// How long an executed request is remembered at least, in time that this node has run: after
    /// so long its own origin removes it, and anybody else after twice that. Clocks do not matter.
    std::uint64_t request_ms = 86'400'000;
    /// Requests of each origin that a bucket remembers; beyond that its oldest go earlier, and
    /// those of others stay. Beyond 64 origins the ones that came last share the room of one.
    std::size_t request_rows = 65'536;
    /// How often each pair of linked replicas compares all its rows; 0: never. A pair that has not
    /// done so yet begins after ten minutes at the latest.
    std::uint64_t audit_ms = 3'600'000;
    /// Rows that are compared in one step, and about how many bytes.
    std::size_t audit_rows = 1'024;
    std::size_t audit_bytes = std::size_t{128} << 10;
    /// Whether to push on what others wrote. An edge leaf does not: its masters do, and its own
    /// link may be thin. It still answers who pulls, so nothing is lost if it is the only way.
    bool relay = true;
    /// How long writes are gathered before they are pushed, and how long pushes are before they are
    /// confirmed. Longer saves messages and costs as much time at each hop.
    std::uint64_t push_ms = 0;
    std::uint64_t ack_ms = 0;
    /// How long to wait for a push that is probably on its way before pulling instead: as long as a
    /// pull from that peer would take, within these bounds. So whoever waits in vain has lost no
    /// more than the pull takes anyway. Shorter finds lost pushes sooner and pulls more for
    /// nothing.
    std::uint64_t pull_delay_ms = 30;
    std::uint64_t pull_delay_max_ms = 1'000;
    /// A peer that has said nothing for so long, for five rounds, and for a usual round trip more,
    /// is taken to be down. Shorter sends less into the void and takes busy peers for dead ones.
    std::uint64_t silence_ms = 5'000;
    /// A pull without progress for so long is given up and tried elsewhere, before the link's round
    /// trips have been measured. Afterwards their mean and four deviations decide, within bounds:
    /// not below the time for which an honest peer may be busy with a large step, nor above that
    /// for which a dead one may hold up a bucket.
    std::uint64_t pull_timeout_ms = 2'000;
    std::uint64_t timeout_min_ms = 1'000;
    std::uint64_t timeout_max_ms = 10'000;
    /// Failed pulls from one peer are repeated after this, doubled each time up to the maximum.
    std::uint64_t backoff_min_ms = 100;
    std::uint64_t backoff_max_ms = 5'000;
    /// A peer with this share of failures is not pulled from, pushed to or audited for a while; its
    /// digests go on, and one pull tries whether it has healed. Lower spares a link that loses
    /// little, higher asks in vain for longer. The weight is that of the latest outcome: with these
    /// four failures in a row are enough, and a tenth of losses never is.
    double breaker_threshold = 0.5;
    double breaker_weight = 0.2;
    /// How long that while is: doubled each time that the try fails, up to the maximum. A healed
    /// peer waits for so long at most.
    std::uint64_t breaker_min_ms = 1'000;
    std::uint64_t breaker_max_ms = 10'000;
    /// What may come from one peer in a second, over all its links (`PeerPolicy::peer`), counting
    /// what is read and sent to answer it but not the pulled rows that were asked for. More than
    /// that waits, at most `link_waiting_bytes` of it and `waiting_max_bytes` over all links; the
    /// rest is thrown away, and a peer that goes on for ten seconds' worth is cut off. A peer can
    /// take so much of the node's time from others, and not pull faster.
    std::uint64_t link_bytes_per_s = std::uint64_t{64} << 20;
    std::uint64_t link_messages_per_s = 20'000;
    /// Work that may be done for one peer in a second, over all its links, in units of about a
    /// microsecond of the node's thread: a message is 5, each row of a push or an audit 5, each
    /// proof to check 60, and 256 bytes read or written 1. What is beyond waits as above.
    std::uint64_t peer_work_per_s = 500'000;
    std::size_t link_waiting_bytes = std::size_t{4} << 20;
    std::size_t waiting_max_bytes = std::size_t{32} << 20;
    /// Bytes of a pull answer that may be on their way.
    std::size_t pull_credit_bytes = std::size_t{1} << 20;
    /// Rows of a pull answer are packed into batches of about this size (a single row may be
    /// larger), which travel in parts of at most `part_bytes`.
    std::size_t batch_bytes = std::size_t{48} << 10;
    std::size_t part_bytes = std::size_t{64} << 10;
    /// A push larger than this is not sent: the peer is told the new version and pulls in chunks.
    std::size_t push_max_bytes = std::size_t{256} << 10;
    /// Bytes of pushes to a peer that it has not confirmed yet, over all buckets.
    std::size_t push_credit_bytes = std::size_t{1} << 20;
    /// Bytes of pushes that wait for what they depend on, over all buckets: from everybody, and
    /// from one peer, so that none can take the room of all. What finds no room is pulled.
    std::size_t held_max_bytes = std::size_t{8} << 20;
    std::size_t held_peer_max_bytes = std::size_t{4} << 20;
    /// Entries of version vectors that are remembered of one peer, over all its links and buckets.
    /// 64 bytes each.
    std::size_t peer_vector_entries = std::size_t{1} << 20;
    /// Buckets that are replicated, beside the cluster's own; of more than these nothing is sent or
    /// taken, and the status says so. One peer may introduce a sixteenth of them, or 64, that are
    /// empty here. About 1 KiB each, and half of that for each link.
    std::size_t max_buckets = 100'000;
    /// Rows of a pull that are kept in memory before they are staged on disk: no writer waits
    /// longer than for these.
    std::size_t staged_max_bytes = std::size_t{512} << 10;
    /// What a pull brings is joined in one transaction up to so many rows and bytes (if the answer
    /// is full, of a store with as many rows and index entries). A larger answer becomes visible at
    /// once as well, and is folded into the rows behind.
    std::size_t step_rows = 4'096;
    std::size_t step_bytes = std::size_t{4} << 20;
    /// Rows that are folded in one transaction, and about how many bytes, at the most;
    std::size_t fold_rows = 8'192;
    std::size_t fold_bytes = std::size_t{1} << 20;
    /// fewer if that takes longer than this: no writer should wait longer. 0: do not look.
    std::uint64_t fold_ms = 20;
    /// Between two such transactions, so that writers and peers get their turns.
    std::uint64_t fold_pause_ms = 5;
    /// Between two renewals of this node's identity: proofs that come meanwhile are acted on later.
    /// Shorter repairs a machine that goes back again and again sooner, and leaves more retired
    /// identities behind.
    std::uint64_t renewal_pause_ms = 60'000;
    /// The cluster that this node belongs to: peers of another are refused. May be empty, which is
    /// a cluster like any other.
    std::string cluster;
    /// Whether a replica may have a bucket at all: collection does not wait for those that may not
    /// and have written nothing to it. Everybody may if this is empty.
    std::function<bool(const ReplicaId&, std::string_view bucket)> reads;
    /// The largest row that is pulled. Only one row larger than 1 MiB is taken at a time. A larger
    /// one stops its bucket from being pulled, and says so.
    std::size_t row_max_bytes = std::size_t{16} << 20;
    /// Whether `Effects::checks` are carried out and their outcomes told by `proofs_checked`. If
    /// not, proofs are checked within the event that brings them, 60 µs each.
    bool proofs_elsewhere = false;
    /// The peer that a replica belongs to: one text for all replicas whose keys are listed as one
    /// peer's, empty if that is not known. Peers have no keys, and each replica is a peer of its
    /// own, if this is empty.
    std::function<std::string(const ReplicaId&)> peer_of;
    /// Random numbers, for session names and jitter; must be set.
    std::function<std::uint64_t()> random;
};

/// A replica that is linked at present.
struct LinkedPeer {
    LinkId link = 0;
    ReplicaId replica;
    bool dialled = false;
    std::string address;
    std::uint64_t heard_ms = 0;  ///< when anything last came from it
};

/// What the replicator wants done, in order.
struct Effects {
    /// A message for a link.
    struct Send {
        LinkId link;
        std::string message;
    };
    /// A link to be closed: its peer broke the rules.
    struct Close {
        LinkId link;
        std::string reason;
    };
    /// Something for the log.
    struct Note {
        enum class Level { kDebug, kInfo, kWarning };
        Level level;
        std::string event;   ///< a dotted name
        std::string detail;  ///< key=value pairs
        LinkId link = 0;     ///< whose peer has caused it; 0: none in particular
    };
    /// Proofs to check (`Store::check_proofs`), on any thread. Outcomes are told in the same order.
    struct Check {
        std::uint64_t id;
        std::string bucket;
        std::shared_ptr<const std::vector<KeyedRow>> rows;
    };
    std::vector<Send> sends;
    std::vector<Close> closes;
    std::vector<Note> notes;
    std::vector<Check> checks;  ///< only if `ReplicatorOptions::proofs_elsewhere`
};

/// The replication protocol (`docs/protocol.md`) as a state machine: events in, effects out.
///
/// Clock, random numbers, store and network are handed in, so that a daemon and a simulator run the
/// same code. It keeps the exact cut: the rows of a bucket are at every moment a function of its
/// version vector. Pushes are applied in causal order, pulls as one step; only durable state is
/// sent or acknowledged. One thread at a time. Times are milliseconds of a clock that never goes
/// back.
///
/// Events may be handed over in bursts: `flush` ends a burst, and all that was pushed to us in one
/// is committed at once. Every event can leave effects; take them after `flush`.
class KIGUMI_API Replicator {
  public:
    Replicator(Store& store, ReplicatorOptions options);
    ~Replicator();

    /// A connection exists. `dialled`: this node opened it, and greets. A peer without a policy may
    /// do everything.
    void link_up(LinkId link, bool dialled, std::string address, std::uint64_t now_ms,
                 std::shared_ptr<PeerPolicy> policy = nullptr);
    /// A connection is gone.
    void link_down(LinkId link);
    /// A message from a peer; anything may be in it.
    void receive(LinkId link, std::string_view message, std::uint64_t now_ms);
    /// Some process committed to the store.
    void local_commit();
    /// Somebody waits for what peers confirm (`Store::wait_confirmed`): for a second it is written
    /// down as it comes, instead of each round.
    void confirmations_wanted(std::uint64_t now_ms);
    /// What came of an `Effects::Check`.
    void proofs_checked(std::uint64_t id, const Result<bool>& outcome, std::uint64_t now_ms);
    /// Time has passed. Call it at `next_wakeup` at the latest.
    void tick(std::uint64_t now_ms);
    /// Ends a burst of events: commits, pushes and acknowledges.
    void flush(std::uint64_t now_ms);
    /// Says goodbye on every link.
    void leave();

    /// Goes on with other parameters; `random` is kept. What was planned by the old ones stays
    /// planned.
    void retune(ReplicatorOptions options);

    std::uint64_t next_wakeup() const;
    Effects take_effects();

    /// Bytes held in memory on behalf of peers: waiting pushes and unstaged rows of pulls.
    std::size_t buffered_bytes() const;
    /// What there is to tell (`status.hpp`). Reads a snapshot of each bucket; O(buckets ·
    /// replicas).
    ReplicatorStatus status() const;
    /// Every link that is up, by age; several may lead to one replica. O(links).
    std::vector<LinkedPeer> linked() const;

  private:
    class Core;
    std::unique_ptr<Core> core_;
};

}  // namespace kigumi
