#pragma once

#include <functional>
#include <map>
#include <memory>

#include "../row_memory.hpp"
#include "acknowledgements.hpp"
#include "audit.hpp"
#include "fold_pace.hpp"
#include "kigumi/replication/members.hpp"
#include "kigumi/replication/status.hpp"
#include "link.hpp"
#include "messages.hpp"
#include "pull_client.hpp"
#include "pull_server.hpp"
#include "push.hpp"
#include "request_table.hpp"

namespace kigumi {

/// The state of Replicator: links, buckets, and what is under way between them.
class Replicator::Core {
  public:
    Core(Store& store, ReplicatorOptions options);

    void link_up(LinkId link, bool dialled, std::string address, std::uint64_t now_ms,
                 std::shared_ptr<PeerPolicy> policy);
    void link_down(LinkId link);
    void receive(LinkId link, std::string_view bytes, std::uint64_t now_ms);
    void local_commit() { versions_stale_ = true; }
    void confirmations_wanted(std::uint64_t now_ms);
    void proofs_checked(std::uint64_t id, const Result<bool>& outcome, std::uint64_t now_ms);
    void tick(std::uint64_t now_ms);
    void flush(std::uint64_t now_ms);
    void leave();
    void retune(ReplicatorOptions options);
    std::uint64_t next_wakeup() const;
    std::size_t buffered_bytes() const;
    Effects take_effects();
    ReplicatorStatus status() const;
    std::vector<LinkedPeer> linked() const;

    Effects effects;

  private:
    /// What the audits with a replica came to.
    struct Audited {
        std::uint64_t ended_ms = 0;  ///< when the last one ended, ms since 1970
        std::uint64_t differences = 0;
        bool operator==(const Audited&) const = default;
    };
    /// What the store was last told of a peer.
    struct SavedPeer {
        std::string address;
        bool connected = false;
        std::uint64_t changed_ms = 0;
        std::uint64_t heard = 0;  ///< `Acknowledgements::Heard::revision`
        Audited audited;
        std::string peer;
        bool holds = true;
        bool operator==(const SavedPeer&) const = default;
    };
    /// How a replica is, or was last, linked.
    struct LastLink {
        std::string address;
        bool up = false;
        std::uint64_t changed_ms = 0;
        std::shared_ptr<PeerPolicy> policy;
    };
    struct Bucket {
        Bucket(Store& store, const std::string& name, const ReplicatorOptions& options)
            : Bucket(store, name, options, store.peers(name).value_or(std::vector<PeerRecord>())) {}

        std::string_view name;
        VersionVector version;  ///< as last read; the store's can only be higher
        VersionVector floor;    ///< G, as last read
        std::uint64_t version_changes = 0;
        std::shared_ptr<const NamedVersion> named;  ///< the last version that was given a name
        std::shared_ptr<const NamedVersion> named_floor;
        HeldPushes held;
        PullClient pull;
        std::optional<wire::Done> pull_done;  ///< the end of an answer whose rows are being checked
        bool folding = false;  ///< as last read: rows of a large pull lie over the others
        std::uint64_t fold_at_ms = 0;
        FoldPace fold_pace;
        std::map<ReplicaId, LinkId> sources;  ///< the link that last brought events of an origin
        Acknowledgements acknowledgements;
        VersionVector collected_upto;  ///< what was stable when collection last looked
        std::string collect_cursor;    ///< where it goes on; empty: it is through
        RequestTable requests;
        std::map<ReplicaId, Audited> audits;
        std::map<ReplicaId, SavedPeer> saved_peers;
        std::uint64_t collected = 0;  ///< rows, by this process
        unsigned retold_pass = 0;     ///< of collection, when all was last told anew
        bool stored = false;          ///< it is one of the store's
        /// As long as the bucket is empty here: who told of it.
        std::shared_ptr<PeerBudget> introducer;

      private:
        Bucket(Store& store, const std::string& name, const ReplicatorOptions& options,
               const std::vector<PeerRecord>& peers)
            : pull(store, name, options),
              acknowledgements(peers),
              requests(options, store.held_versions(name).value_or(std::vector<HeldVersion>())) {
            for (const PeerRecord& peer : peers) {
                Audited audited{peer.audited_ms, peer.differences};
                if (!(audited == Audited())) audits[peer.replica] = audited;
                // What has become of it since is written down at the first chance.
                saved_peers[peer.replica] = {peer.address, peer.connected, peer.changed_ms, 0,
                                             audited,      peer.peer,      peer.holds};
            }
        }
    };
    using Level = Effects::Note::Level;
    /// Different refusals of one link that are told of; the rest is counted only.
    static constexpr std::size_t kMaxTold = 64;

    // Messages.
    void work_on(Link& link, std::string_view bytes, std::uint64_t now_ms);
    /// Messages that had to wait. Peers take turns, one message each, until so much was done that
    /// the rest of the loop should have its turn.
    void work_on_waiting(std::uint64_t now_ms);
    void handle(Link& link, wire::Message& message, std::uint64_t now_ms);
    /// Charges for rows that came, and for the proofs of their writes if those were checked.
    static void charge_rows(Link& link, const std::vector<KeyedRow>& rows, bool proofs);
    /// Of messages that wait for their turn, on all links.
    std::size_t waiting_bytes() const;
    void on(Link& link, const wire::Hello& hello, std::uint64_t now_ms);
    void on(Link& link, const wire::Who&, std::uint64_t now_ms);
    void on(Link& link, const wire::Bye&, std::uint64_t now_ms);
    void on(Link& link, const wire::Digest& digest, std::uint64_t now_ms);
    void on(Link& link, const wire::Push& push, std::uint64_t now_ms);
    void on(Link& link, const wire::Pull& pull, std::uint64_t now_ms);
    void on(Link& link, const wire::Chunk& chunk, std::uint64_t now_ms);
    void on(Link& link, const wire::Credit& credit, std::uint64_t now_ms);
    void on(Link& link, const wire::Done& done, std::uint64_t now_ms);
    void on(Link& link, const wire::Cancel& cancel, std::uint64_t now_ms);
    void on(Link& link, const wire::Prune& prune, std::uint64_t now_ms);
    void on(Link& link, const wire::Hearsay& hearsay, std::uint64_t now_ms);
    void on(Link& link, const wire::Audit& audit, std::uint64_t now_ms);
    void on(Link& link, const wire::AuditAnswer& answer, std::uint64_t now_ms);
    void on(Link& link, const wire::AuditRows& rows, std::uint64_t now_ms);
    void on(Link& link, const wire::DigestChange& digest, std::uint64_t now_ms);
    void on(Link& link, const wire::PushChange& change, std::uint64_t now_ms);
    void on(Link& link, const wire::SayWhole& whole, std::uint64_t now_ms);
    void on(Link& link, const wire::HearsayChange& hearsay, std::uint64_t now_ms);
    void on(Link& link, const wire::Heads& heads, std::uint64_t now_ms);

    // Links.
    void greet(Link& link, bool answer, std::uint64_t now_ms);
    void ask_who(Link& link, std::uint64_t now_ms);
    void set_up(Link& link, bool up, std::uint64_t now_ms);
    void refuse(Link& link, std::string reason);
    /// A claim to a replica was not accepted: now, or for good.
    void refuse_claim(Link& link, const Error& error);
    /// Of several links to one replica the oldest carries what we send unasked.
    bool preferred(const Link& link) const;
    static std::string label(const Link& link);
    /// Something that a peer was asked for, or sent, was wrong.
    void count_failure(Link& link, std::uint64_t now_ms);
    void check_silence(std::uint64_t now_ms);

    // Proofs (`Store::check_proofs`).
    /// What to do with an outcome: whether the proofs were checked, or why they do not hold. Called
    /// once, unless the peer has gone by then.
    using AfterProofs = std::function<void(Link&, const Result<bool>&, std::uint64_t now_ms)>;
    struct PendingCheck {
        LinkId link;
        std::uint64_t greeting;  ///< `Link::greeting` of the sender
        std::size_t bytes;
        std::shared_ptr<MemoryCharge> charge;
        AfterProofs then;
    };
    /// Checks the rows if the bucket is signed, at once or elsewhere.
    void check_proofs(Link& link, const std::string& name,
                      std::shared_ptr<std::vector<KeyedRow>> rows, std::uint64_t now_ms,
                      AfterProofs then);
    /// A message was thrown away for what its writes lack; what a check that failed here says of
    /// the peer is nothing.
    void reject_writes(Link& link, const std::string& name, const Error& error,
                       std::uint64_t now_ms);
    void tell_unproven(Link& link, const std::string& reason);

    // Rights.
    /// Why a message must not be acted on, if so; takes out of it what may be left out.
    std::optional<std::string> forbidden(const Link& link, wire::Message& message);
    std::optional<std::string> forbidden(const Link& link, const wire::Push& push);
    std::optional<std::string> forbidden(const Link& link, const wire::Done& done);
    /// Whether `version` holds events that we lack of replicas that are not the peer's own.
    bool brings_others(const Link& link, const Bucket& bucket, const VersionVector& version) const;
    void deny(Link& link, const wire::Message& message, const std::string& reason);

    // Buckets.
    Bucket* bucket(const std::string& name);
    /// The bucket that a peer speaks of; null if it has spoken of too many that nobody else has.
    Bucket* introduced_bucket(Link& link, const std::string& name);
    /// How many empty buckets one peer may introduce.
    std::size_t introduction_share() const;
    /// Whether there are as many buckets as may be; the list of members is beside those.
    bool full() const;
    /// A bucket is not taken, for want of room.
    void leave_out(const std::string& name);
    void tell_left_out(std::uint64_t now_ms);
    /// Buckets that only those have who are not here any more.
    void forget_empty_buckets();
    void forget_peering(Link& link, const std::string& name);
    /// Reads what commits have changed since it last did.
    void refresh_versions();
    /// Reads all buckets.
    void read_all_versions();
    void refresh_version(const std::string& name);
    /// After commits of which it is not known what they changed: some buckets more.
    void go_on_reading_versions();
    void count_left_out();
    /// A peer has said what it holds. False if that was too much, and it was refused.
    bool hear_version(Link& link, const std::string& name, Bucket& bucket,
                      const VersionVector& version, std::uint64_t now_ms);
    bool take_digest(Link& link, const std::string& name, const VersionVector& version,
                     std::uint64_t now_ms);
    /// Notes a version that holds events of ours that we do not have. Nothing else follows from it:
    /// anybody can say so.
    void note_claim(const Link& link, const std::string& name, const VersionVector& theirs,
                    std::uint64_t now_ms);

    // Heads.
    void tell_features(Link& link);
    void hear_features(Link& link, std::string_view features);
    void show_heads();
    void show_heads_of(Link& link, const std::string& name);
    /// Says again what has not been answered: it may have been lost.
    void repeat_heads(Link& link);
    /// Of the heads that came with events up to `version`, those to be kept with them.
    std::vector<ShownHead> sound_heads(Link& link, const std::string& name,
                                       const std::vector<Head>& heads,
                                       const VersionVector& version);
    /// A head of ours, signed by us, that is not on our chain.
    struct Evidence {
        std::string bucket;
        Head head;
        std::string from;
    };
    void act_on_evidence(std::uint64_t now_ms);

    // Changes.
    void set_version(Bucket& bucket, VersionVector version);
    static std::shared_ptr<const NamedVersion> name(std::shared_ptr<const NamedVersion>& last,
                                                    const VersionVector& version);
    /// The vector that a change stands for; nothing if it refers to what we do not know: then the
    /// peer is asked to say it whole.
    std::optional<VersionVector> resolve(Link& link, const std::string& name,
                                         const SaidVersions& said,
                                         const wire::VersionChange& change, std::uint64_t now_ms);
    wire::DigestChange::Entry digest_change(const std::string& name, Bucket& bucket,
                                            Peering& peering, const NamedVersion& since,
                                            std::uint64_t now_ms);
    void send_push(Link& link, Peering& peering, const wire::Push& push, std::uint64_t now_ms);

    // Push.
    void take_push(Link& link, const wire::Push& push, std::uint64_t now_ms);
    /// Holds a push whose proofs were checked.
    void hold(Link& link, const std::string& name, HeldPush push, std::uint64_t now_ms);
    /// Changes what is held of a bucket, and counts it for the links.
    template <class Change>
    auto change_held(Bucket& bucket, Change change) {
        const auto before = bucket.held.by_link();
        const auto count = [&](const std::map<LinkId, std::size_t>& all, bool added) {
            for (const auto& [id, bytes] : all)
                if (const auto link = links_.find(id); link != links_.end())
                    link->second.held_bytes += added ? bytes : std::size_t{0} - bytes;
        };
        auto outcome = change(bucket.held);
        count(before, false);
        count(bucket.held.by_link(), true);
        return outcome;
    }
    void apply_held(std::uint64_t now_ms);
    void push_all(std::uint64_t now_ms);
    /// Finds out which of the buckets that were touched have something to push, and when.
    void plan_pushes(Link& link, std::uint64_t now_ms);
    using MadePushes = std::vector<std::pair<VersionVector, std::optional<wire::Push>>>;
    void push_to(Link& link, const std::string& name, Peering& peering, ReadTransaction& snapshot,
                 MadePushes& made, std::uint64_t now_ms);
    /// Whether so much more of a peer may be held.
    bool has_room(const Link& link, std::size_t bytes) const;
    /// Of one bucket those that were not confirmed in time.
    void forget_late_pushes(Link& link, Peering& peering, std::uint64_t now_ms);
    /// Forgets those of all buckets; when the next push may go out.
    std::uint64_t push_room_ms(Link& link, std::uint64_t now_ms);
    void unblock_pushes(Link& link, std::uint64_t now_ms);
    void prune_relay(Link& link, const wire::Push& push, Bucket& bucket);
    bool linked_to(const ReplicaId& replica) const;

    // Pull.
    /// Pulls need the right to write.
    void want_pull(Link& link, const std::string& name, std::uint64_t at_ms);
    /// When to pull from there, if at all.
    std::uint64_t pull_due(const Link& link, std::uint64_t at_ms, const Bucket& bucket) const;
    struct DuePull {
        std::uint64_t at_ms;
        std::string_view bucket;
    };
    /// The next pull from there, of a bucket that is not being pulled yet.
    std::optional<DuePull> next_pull(const Link& link) const;
    /// How many from each peer, over all its links.
    std::map<const PeerBudget*, std::ptrdiff_t> running_pulls() const;
    void start_pulls(std::uint64_t now_ms);
    /// Ends a pull from this side.
    void break_off(Link& link, const std::string& name, Bucket& bucket, const Error& error,
                   std::uint64_t now_ms);
    void take_batch(Link& link, const std::string& name, PullClient::Batch batch,
                    std::uint64_t now_ms);
    void stage(Link& link, const std::string& name, std::uint64_t session, PullClient::Batch batch,
               const Result<bool>& checked, std::uint64_t now_ms);
    /// Why a part must wait for another time; nothing if there is room for it.
    std::optional<std::string> no_room(const Bucket& bucket, const wire::Chunk& chunk) const;
    /// Ends a pull that holds up those from others.
    void take_turns(const std::string& name, Bucket& bucket, std::uint64_t now_ms);
    /// Returns whether there was something to pull.
    bool start_pull(Link& link, const std::string& name, Bucket& bucket, std::uint64_t now_ms);
    enum class Blame { kPeer, kNobody };
    /// An answer with a hole, or one that is nonsense, is the doing of the peer or the link; a full
    /// disk, or a base that has gone, is not.
    static Blame blame_for(const Error& error);
    void end_pull(Bucket& bucket, const std::string& name, const std::string& reason, bool keep,
                  Blame blame, std::uint64_t now_ms);
    /// How long to wait for what may be on its way before asking this peer for it.
    std::uint64_t pull_delay_ms(const Link& link) const;
    /// Other reasons why a pull breaks go away by themselves; of a full disk somebody has to know.
    void report_full(const std::string& name, const Error& error);
    Bucket* pulling(const Link& link, std::uint64_t session, std::string& name);

    // Large pulls.
    void fold_all(std::uint64_t now_ms);

    // Digests.
    void begin_round(std::uint64_t now_ms);
    void send_digests(std::uint64_t now_ms);
    /// Whether the peer knows how far we are, and is as far.
    static bool settled(const Peering& peering, const Bucket& bucket);
    /// What a peer has to be told in this round; whether there is anything. Bounded: of many
    /// buckets each gets its turn in some round.
    bool owe_round(Link& link, std::uint64_t now_ms);
    bool retell_unsettled(Link& link, std::uint64_t now_ms);
    bool retell_quiet(Link& link, std::uint64_t now_ms);
    /// After a greeting: more of the buckets that have to be told.
    void go_on_telling(Link& link, std::uint64_t now_ms);

    // Peers.
    void save_peers();
    /// Somebody's word of the bucket has changed.
    void peers_of_changed(const Bucket& bucket);
    /// Links have changed, which stands in the records of all buckets.
    void links_changed() {
        peers_changed_ = true;
        peers_left_ = buckets_.size();
    }
    /// The buckets of which that is known, and of all others some, if links have changed.
    std::set<std::string> names_to_save();
    std::map<ReplicaId, SavedPeer> peers_of(const Bucket& bucket,
                                            const std::map<ReplicaId, LastLink>& links) const;
    static PeerRecord record_of(const ReplicaId& replica, const SavedPeer& peer,
                                const Bucket& bucket);

    // Ghosts: replicas that have written nothing and are in no list.
    bool is_ghost(const Bucket& bucket, const ReplicaId& replica) const;
    /// Whether there is room to remember what a replica holds, and which ghost of the same peer has
    /// to go for it, if any.
    struct Room {
        bool any = false;
        std::optional<ReplicaId> instead_of;
    };
    Room room_for(const Bucket& bucket, const ReplicaId& replica) const;
    /// Makes room for a replica; false if there is none.
    bool remembers(Bucket& bucket, const ReplicaId& replica);
    void forget_ghosts(Bucket& bucket);

    // Collection.
    void collect_all(std::uint64_t now_ms);
    void collect_in(const std::string& name, Bucket& bucket, std::uint64_t now_ms);
    void refresh_members();
    void refresh_backup_holds();
    void collect(const std::string& name, Bucket& bucket);
    std::optional<VersionVector> stable_version(const std::string& name,
                                                const Bucket& bucket) const;
    void send_hearsay(const std::string& name, Bucket& bucket, std::uint64_t now_ms);
    bool matters(const Bucket& bucket, const ReplicaId& replica) const;
    void hear_of(const Link& link, Bucket& bucket, const ReplicaId& replica,
                 const VersionVector& version);

    // Status.
    LinkStatus status_of(const Link& link) const;
    BucketStatus status_of(const std::string& name, const Bucket& bucket) const;

    // Requests.
    void forget_requests(std::uint64_t now_ms);
    Result<void> forget_requests(const std::string& name, Bucket& bucket);

    // Audit.
    void audit_all(std::uint64_t now_ms);
    /// Whether this side of the link asks: the one that dialled, on one link to each replica. (Not
    /// the smaller id: whom a link leads to may be out of date on one side.)
    bool audits(const Link& link) const;
    std::uint64_t first_audit_ms(const Link& link, const Bucket& bucket, std::uint64_t now_ms);
    std::uint64_t next_audit_ms(const Link& link) const;
    void ask_audit(Link& link, const std::string& name, Bucket& bucket, std::uint64_t now_ms);
    void go_on_with_audit(Link& link, const AuditQuestion& question, const std::string& upto,
                          std::uint64_t now_ms);
    using AfterSettling = std::function<void(Link&, const audit::Outcome&, std::uint64_t now_ms)>;
    /// Unites our rows with a peer's once their proofs are checked, then calls `then`. A peer whose
    /// rows are not acceptable is refused instead.
    void settle(Link& link, const std::string& name, const audit::Range& range, bool whole,
                audit::Theirs theirs, const std::string& batch, std::uint64_t now_ms,
                AfterSettling then);
    audit::Outcome unite(Link& link, const std::string& name, const audit::Range& range, bool whole,
                         const audit::Theirs& theirs);
    bool settles_itself(Link& link, const std::string& name, std::uint64_t now_ms);
    void send_lacking(Link& link, const std::string& name, const std::vector<RowKey>& lacking);
    void send_audit(const Link& link, const wire::Message& message);
    /// Mends the indexes of rows that were looked at, and tells of damaged ones.
    void deal_with(const std::string& name, const std::vector<check::Problem>& problems);
    void count_audit(const Link& link, Bucket& bucket, std::uint64_t differences, bool ended);

    void send(const Link& link, const wire::Message& message);
    /// For the log. `link`: whose peer has caused it; none: that of the message under way, if any.
    void note(Level level, std::string event, std::string detail, LinkId link = 0);
    std::uint64_t jittered(std::uint64_t ms) { return kigumi::jittered(ms, options_.random()); }

    Store& store_;
    ReplicatorOptions options_;  ///< at one place: what has a part in them refers to them
    ReplicaId self_;
    PeerBudgets budgets_{options_};
    std::size_t next_turn_ = 0;  ///< which of the peers with waiting messages begins
    std::map<LinkId, Link> links_;
    std::map<std::string, Bucket, std::less<>> buckets_;
    // The buckets that have something to do, by name: nothing goes through all of them.
    std::set<std::string> held_;        ///< pushes wait
    std::set<std::string> pulls_;       ///< a pull is under way, or memory is kept of one
    std::set<std::string> folding_;     ///< what a large pull brought is being folded in
    std::set<std::string> introduced_;  ///< empty here, and told of by a peer
    std::set<std::string> collect_due_;
    std::set<std::string> peers_due_;      ///< records of peers have to be saved
    std::set<std::string> with_requests_;  ///< to be looked at in the next pass
    std::set<std::string> request_pass_;   ///< and still in this one
    std::string collect_from_;             ///< where the walk through all others goes on
    std::string peers_from_;
    std::size_t peers_left_ = 0;  ///< so many have to be saved from there
    std::map<ReplicaId, LastLink> gone_links_;
    std::uint64_t seen_change_ = 0;  ///< `RecentChanges::last`
    std::string read_from_;          ///< where reading all versions goes on
    bool read_on_ = false;
    bool read_again_ = false;
    std::uint64_t stored_ = 0;              ///< buckets of the store that are replicated
    std::uint64_t left_out_ = 0;            ///< and that are not
    std::uint64_t saved_left_out_ = 0;      ///< as the store has it
    std::set<std::string> left_out_names_;  ///< some that were not taken lately
    std::uint64_t tell_left_out_ms_ = 0;    ///< when that may be told again
    std::uint64_t told_refused_ = 0;
    std::uint64_t requests_begun_ms_ = 0;
    PullServer pull_server_;
    LinkId speaker_ = 0;  ///< the link whose message is under way
    bool versions_stale_ = true;
    bool pushes_left_ = false;  ///< that could have been joined, in the last burst
    bool peers_changed_ = false;
    std::uint64_t save_at_once_until_ms_ = 0;
    std::uint64_t source_until_ms_ = 0;  ///< until then half an answer waits for its source
    std::uint64_t round_at_ms_ = 0;
    std::uint64_t collect_at_ms_ = 0;
    unsigned collect_passes_ = 0;
    std::uint64_t requests_at_ms_ = 0;
    std::map<ReplicaId, members::Standing> members_;
    std::optional<VersionVector> members_at_;  ///< the version of the list that was read
    /// By bucket, what removals must not be newer than to be collected: what backups hold.
    std::vector<std::map<std::string, VersionVector>> backup_holds_;
    bool backups_known_ = false;
    ReplicationCounters counters_;
    std::map<std::uint64_t, PendingCheck> checks_;  ///< proofs that are being looked at elsewhere
    std::uint64_t last_check_ = 0;
    std::size_t checking_bytes_ = 0;    ///< of their rows, in memory
    std::optional<Evidence> evidence_;  ///< the last, until it was acted on
    std::uint64_t renew_at_ms_ = 0;     ///< the identity is not renewed before
    std::uint64_t claim_noted_until_ms_ = 0;
};

}  // namespace kigumi
