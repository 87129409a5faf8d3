#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <set>
#include <stdexcept>
#include <vector>

#include "archive.hpp"
#include "history.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/replicator.hpp"
#include "random.hpp"
#include "recorder.hpp"
#include "restricted_peer.hpp"
#include "simulation.hpp"

namespace kigumi::sim {

/// A broken promise, with what is needed to understand it.
struct Violation : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Replicas in one thread: each an environment in memory, a store and the product's replicator,
/// with a network between them that does its worst.
class Cluster {
  public:
    Cluster(const Options& options, Counters& counters);

    std::uint64_t now_ms() const { return now_ms_; }
    unsigned size() const { return static_cast<unsigned>(nodes_.size()); }
    bool running(unsigned node) const { return nodes_[node].replicator != nullptr; }
    Store& store(unsigned node) { return *nodes_[node].store; }
    History& history() { return history_; }
    const std::vector<std::string>& buckets() const { return buckets_; }

    /// Lets time pass: messages arrive, timers fire.
    void run_for(std::uint64_t ms);
    /// A transaction of random writes; some are requests, and some of these retries.
    void write(unsigned node, const std::string& bucket, Random& random);

    // Faults.
    void crash(unsigned node);
    void start(unsigned node);
    void pause(unsigned node, std::uint64_t ms);
    void cut(unsigned from, unsigned to) { cut_.insert({from, to}); }
    void heal_network() { cut_.clear(); }
    void fail_commit(unsigned node) { nodes_[node].env->fail_commits(1); }
    void remember_state(unsigned node);
    /// Goes back to the remembered state under a new identity, as a restore does.
    void roll_back(unsigned node);
    /// Goes back to the remembered state and does not know it. Whether there was one.
    bool go_back_in_place(unsigned node);
    /// Goes on with a copy of another node's store, under a new identity.
    void clone(unsigned node, unsigned original);
    void fill_disk(unsigned node, std::uint64_t ms);
    /// Says goodbye, and another node's operator retires it. It may come back.
    void retire(unsigned node, unsigned by);
    void set_clock_offset(unsigned node, std::int64_t ms) { nodes_[node].clock_offset_ms = ms; }
    /// No more faults; everything runs.
    void heal();
    /// What is still under way, and copies of old messages, arrive within this time in any order.
    void deliver_old_messages(std::uint64_t within_ms);

    /// Checks every promise that holds at any moment, on every replica that changed.
    void check();
    /// Damages rows and indexes in some replicas: each row stays as it is in at least one.
    void plant_differences(unsigned count);
    /// Whether all replicas show the same rows, and none is damaged.
    bool identical();
    /// Checks that they are; what was damaged must be mended by then.
    void check_identical();
    /// Whether all replicas hold everything.
    bool converged();
    /// Checks that all replicas are identical and equal to the history.
    void check_converged();

  private:
    struct Node {
        std::shared_ptr<kv::MemoryEnv> env;
        std::unique_ptr<Store> store;
        std::unique_ptr<Replicator> replicator;
        std::uint64_t wake_ms = 0;
        std::uint64_t paused_until_ms = 0;
        std::int64_t clock_offset_ms = 0;
        std::int64_t drift_percent = 0;
        std::uint64_t full_until_ms = 0;
        std::uint64_t checked_commits = ~std::uint64_t{0};
        std::uint64_t latest_wall_ms = 0;  ///< that its own clock ever showed
        std::map<std::string, VersionVector> last_version;
        std::map<std::string, std::pair<VersionVector, VersionVector>> checked_cut;  ///< V and G
        std::shared_ptr<const kv::MemoryEnv::Tables> remembered;
        std::map<std::string, VersionVector> remembered_version;
        std::map<std::string, Archive> archives;
    };
    /// A version after an acknowledged write, and the write.
    struct Token {
        std::string bucket;
        VersionVector version;
        RowKey at;
        Dot dot;
        bool removal;
    };
    /// A request that was executed, and each time that it was.
    struct Executed {
        std::string bucket;
        std::string id;
        RowKey at;
        unsigned node;                                     ///< the last one that executed it
        std::vector<std::pair<Dot, std::uint64_t>> times;  ///< and when
    };
    /// Two ends; the acceptor's link exists once something has arrived.
    struct Connection {
        unsigned dialler;
        unsigned acceptor;
        LinkId dialler_link = 0;
        LinkId acceptor_link = 0;
        std::uint64_t last_arrival_ms[2] = {0, 0};  ///< in each direction, of messages in order
    };
    struct Flight {
        std::uint64_t at_ms;
        std::uint64_t order;
        std::size_t connection;
        bool to_acceptor;
        std::string message;
        bool operator>(const Flight& other) const {
            return std::tie(at_ms, order) > std::tie(other.at_ms, other.order);
        }
    };

    /// Everybody knows everybody before the first write, as rule 7 demands.
    void introduce();
    /// The transaction's writes, under the id of a request if there is one.
    void write_all(Recorder& recorder, Executed* request, unsigned node, Random& random);
    Executed* choose_request(const std::string& bucket, Random& random);
    /// Whether a replica at `version` has to know that the request was executed.
    bool known(const Executed& request, const VersionVector& version) const;
    /// Whether a replica at `version` knows so many later requests of the origin of an execution
    /// that it may have forgotten that one.
    bool crowded_out(const std::string& bucket, const Dot& execution,
                     const VersionVector& version) const;
    /// The product removes what requests leave by itself: enters that into the history.
    void adopt_removals(unsigned node);
    void adopt_removal(unsigned node, const std::string& bucket, const RowKey& at, Dot dot,
                       const Write& write, VersionVector saw);
    void check_requests(const std::string& bucket, ReadTransaction& snapshot);
    void check_tokens(const std::string& bucket, ReadTransaction& snapshot,
                      const std::string& where);
    void connect(unsigned dialler, unsigned acceptor);
    void dial(Connection& connection);
    /// What the others let a node do; null: everything.
    std::shared_ptr<PeerPolicy> policy_of(unsigned node) const;
    void perform(unsigned node);
    void transmit(std::size_t connection, bool to_acceptor, std::string message);
    void launch(std::size_t connection, bool to_acceptor, std::string message);
    void deliver(const Flight& flight);
    void wake(unsigned node);
    void open_store(unsigned node);
    /// A store that was another one a moment ago.
    void replace_store(unsigned node, std::shared_ptr<const kv::MemoryEnv::Tables> state,
                       std::map<std::string, VersionVector> version);
    /// Whether somebody else holds heads (or, where those always come along, events) of the node's
    /// identity that the node does not have.
    bool can_be_shown(unsigned node);
    bool others_saw_more(unsigned node);
    /// Whether somebody else keeps a head that is not on its chain.
    bool shown_by_a_head(unsigned node);
    /// Whether all that went back under an identity which others had seen more of have another now.
    bool forks_noticed();
    void check_bucket(unsigned node, const std::string& bucket);
    /// What a large pull brought, not all of it folded in, reads and is logged like the rest.
    void check_folding(ReadTransaction& snapshot, const std::map<RowKey, Row>& rows,
                       const std::string& where);
    void check_archive(unsigned node, const std::string& bucket, std::map<RowKey, Row> shown);
    /// All rows that show something; nothing if one is damaged or an index is wrong.
    std::optional<std::map<RowKey, Row>> sound_rows(unsigned node, const std::string& bucket);
    void plant_difference(unsigned node, const std::string& bucket, const RowKey& at,
                          const Row& row);
    /// Checks that every write bears a sound proof.
    void check_proofs(unsigned node, const std::string& bucket);
    bool members_agree();
    /// What everybody has to reach.
    VersionVector target(const std::string& bucket);
    void trace(const std::string& what) const;
    std::uint64_t wall_ms(unsigned node);

    const Options options_;
    Counters& counters_;
    Random random_;
    std::uint64_t now_ms_ = 1'000;
    std::uint64_t order_ = 0;
    bool faults_ = true;
    bool damaged_ = false;  ///< rows are, on purpose: nothing is promised until they are mended
    bool forked_ = false;   ///< names were used twice: replicas have to be equal, not exact
    std::vector<std::pair<unsigned, ReplicaId>> to_be_noticed_;
    bool unprovable_ = false;  ///< nobody holds a head that shows it any more, or ever did
    LinkId next_link_ = 1;
    std::vector<Node> nodes_;
    std::vector<Connection> connections_;
    std::priority_queue<Flight, std::vector<Flight>, std::greater<>> flights_;
    std::vector<Flight> stash_;
    std::set<std::pair<unsigned, unsigned>> cut_;
    std::vector<std::string> buckets_;
    History history_;
    /// The node that may not relay, in runs that have one.
    static constexpr unsigned kRestricted = 1;
    const std::shared_ptr<RestrictedPeer> restricted_ = std::make_shared<RestrictedPeer>();
    std::deque<Token> tokens_;
    std::deque<Executed> executed_;
    std::uint64_t request_ids_ = 0;
    std::map<std::string, VersionVector> collected_;  ///< every floor that there ever was
};

}  // namespace kigumi::sim
