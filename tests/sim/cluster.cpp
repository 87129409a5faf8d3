#include "cluster.hpp"

#include <algorithm>
#include <cstdio>

#include "forger.hpp"
#include "kigumi/crdt/defect.hpp"
#include "kigumi/replication/members.hpp"
#include "protocol/messages.hpp"
#include "row_record.hpp"
#include "schema.hpp"
#include "signatures.hpp"
#include "workload.hpp"

namespace kigumi::sim {
namespace {

constexpr std::uint64_t kEpochMs = 1'800'000'000'000;
constexpr const char* kMessageNames[] = {
    "hello",         "who",         "bye",       "digest",         "push",
    "pull",          "chunk",       "credit",    "done",           "cancel",
    "prune",         "hearsay",     "audit",     "audit answer",   "audit rows",
    "digest change", "push change", "say whole", "hearsay change", "heads"};

/// How many states pass between two backups of a bucket of somebody.
constexpr std::uint64_t kChecksPerBackup = 5;

/// Small enough that every bound is met in a short run.
ReplicatorOptions tiny_sizes(bool overlay) {
    ReplicatorOptions options;
    options.pull_credit_bytes = 300;
    options.batch_bytes = 120;
    options.part_bytes = 90;
    options.push_max_bytes = 400;
    options.push_credit_bytes = 800;
    options.held_max_bytes = 24'000;
    options.held_peer_max_bytes = 15'000;
    options.staged_max_bytes = 250;
    if (overlay) {
        options.step_rows = 5;
        options.step_bytes = 600;
    }
    options.fold_rows = 2;
    options.fold_bytes = 300;
    options.fold_pause_ms = 40;
    options.collect_rows = 3;
    options.audit_rows = 4;
    options.audit_bytes = 150;
    return options;
}

std::string message_name(const std::string& bytes) {
    const auto message = wire::decode(bytes);
    return message ? kMessageNames[message->index()] : "garbage";
}

std::string describe(const VersionVector& version) {
    std::string out;
    for (const auto& [origin, counter] : version)
        out += origin.short_hex() + ":" + std::to_string(counter) + " ";
    return out;
}

std::string describe(const Row& row) {
    std::string out;
    for (const Write& write : row)
        out += write.dot.origin.short_hex() + ":" + std::to_string(write.dot.counter) + "/" +
               std::to_string(write.payload.index()) + " ";
    return out;
}

/// What the row says, without the proofs of who says it.
Row plain(const Row& row) {
    Row said;
    for (const Write& write : row) said.insert({write.dot, write.time, write.payload});
    return said;
}

/// Rows that hold nothing but removals may be collected at different times.
std::map<RowKey, Row> visible(const std::map<RowKey, Row>& rows) {
    std::map<RowKey, Row> shown;
    for (const auto& [at, row] : rows)
        if (!row.removed()) shown.emplace(at, plain(row));
    return shown;
}

/// The same without removals beside values, as far as they may have been collected.
std::map<RowKey, Row> forgiven(std::map<RowKey, Row> rows, const VersionVector& floor) {
    for (auto& [at, row] : rows) {
        Row kept;
        for (const Write& write : row)
            if (!write.removed() || !floor.covers(write.dot)) kept.insert(write);
        row = std::move(kept);
    }
    return rows;
}

std::string difference(const std::map<RowKey, Row>& expected, const std::map<RowKey, Row>& actual) {
    std::string out;
    const auto line = [&out](const char* what, const RowKey& at, const Row& row) {
        out += std::string("\n    ") + what + " " + at.key + " " + std::string(name_of(at.type)) +
               " " + path_json(at) + ": " + describe(row);
    };
    for (const auto& [at, row] : expected) {
        const auto it = actual.find(at);
        if (it != actual.end() && it->second == row) continue;
        line("expected", at, row);
        if (it != actual.end()) line("     got", at, it->second);
    }
    for (const auto& [at, row] : actual)
        if (!expected.contains(at)) line("unexpected", at, row);
    return out;
}

}  // namespace

Cluster::Cluster(const Options& options, Counters& counters)
    : options_(options), counters_(counters), random_(options.seed), nodes_(options.replicas) {
    buckets_.push_back("default");
    if (options.two_buckets) buckets_.push_back("other");
    for (unsigned i = 0; i < size(); ++i) {
        nodes_[i].env = std::make_shared<kv::MemoryEnv>();
        open_store(i);
        if (!options.proofs) continue;
        for (const std::string& bucket : buckets_) store(i).sign_bucket(bucket).value();
        store(i).sign_bucket(members::kBucket).value();
    }
    for (unsigned i = 0; i < size(); ++i) {
        for (unsigned j = 0; j < i; ++j) {
            const bool neighbours =
                i == j + 1 || (options.topology == Topology::kRing && j == 0 && i + 1 == size());
            if (options.topology == Topology::kMesh ||
                (options.topology == Topology::kStar && j == 0) ||
                (options.topology != Topology::kStar && neighbours))
                connect(i, j);
        }
    }
    if (options.strangers == 0) introduce();
    for (unsigned i = 0; i < size(); ++i) {
        nodes_[i].drift_percent =
            static_cast<std::int64_t>(random_.below(2 * options.drift + 1)) - options.drift;
        // The first one is always there.
        if (i == 0 || options.joiners == 0 || random_.chance(50))
            start(i);
        else
            ++counters_["late starts"];
    }
}

void Cluster::introduce() {
    for (unsigned i = 0; i < size(); ++i) {
        const ReplicaId replica = store(i).replica().value();
        members::put(store(0), replica, members::Standing::kMember).value();
    }
    auto list = store(0).read(members::kBucket).value();
    for (unsigned i = 1; i < size(); ++i) {
        auto tx = store(i).write(members::kBucket).value();
        list.scan({},
                  [&](const RowKey& at, const Row& row) {
                      return tx.join_row({at, row}, list.version()).has_value();
                  })
            .value();
        tx.advance(list.version(), {});
        tx.commit().value();
    }
}

void Cluster::connect(unsigned dialler, unsigned acceptor) {
    connections_.push_back({dialler, acceptor});
    // Some pairs dial each other: two links to one replica.
    if (random_.chance(15)) connections_.push_back({acceptor, dialler});
}

void Cluster::open_store(unsigned node) {
    Node& self = nodes_[node];
    StoreOptions options;
    options.wall_ms = [this, node] { return wall_ms(node); };
    options.random = [this](std::span<std::uint8_t> out) {
        for (auto& byte : out) byte = static_cast<std::uint8_t>(random_.next());
    };
    self.store = Store::over(self.env, std::move(options)).value();
}

std::uint64_t Cluster::wall_ms(unsigned node) {
    Node& self = nodes_[node];
    const std::uint64_t wall =
        kEpochMs + now_ms_ + static_cast<std::uint64_t>(self.clock_offset_ms) +
        static_cast<std::uint64_t>(static_cast<std::int64_t>(now_ms_) * self.drift_percent / 100);
    self.latest_wall_ms = std::max(self.latest_wall_ms, wall);
    return wall;
}

void Cluster::start(unsigned node) {
    Node& self = nodes_[node];
    if (self.replicator) return;
    trace("start " + std::to_string(node));
    open_store(node);
    ReplicatorOptions options = options_.large ? ReplicatorOptions() : tiny_sizes(options_.overlay);
    options.audit_ms = options_.audit_ms;
    options.fold_ms = 0;  // time here is not that of a clock
    options.random = [this] { return random_.next(); };
    options.request_ms = options_.request_ms;
    options.renewal_pause_ms = 2'000;
    options.request_rows = options_.request_rows;
    self.replicator = std::make_unique<Replicator>(*self.store, options);
    self.checked_commits = ~std::uint64_t{0};
    self.wake_ms = now_ms_;
    for (Connection& connection : connections_)
        if (connection.dialler == node) dial(connection);
    perform(node);
}

void Cluster::dial(Connection& connection) {
    connection.dialler_link = next_link_++;
    connection.acceptor_link = 0;
    nodes_[connection.dialler].replicator->link_up(connection.dialler_link, true,
                                                   "node" + std::to_string(connection.acceptor),
                                                   now_ms_, policy_of(connection.acceptor));
}

std::shared_ptr<PeerPolicy> Cluster::policy_of(unsigned node) const {
    return options_.tampering > 0 && node == kRestricted ? restricted_ : nullptr;
}

void Cluster::crash(unsigned node) {
    if (!running(node)) return;
    trace("crash " + std::to_string(node));
    ++counters_["crashes"];
    nodes_[node].replicator.reset();
    nodes_[node].store.reset();
    if (KIGUMI_DEFECT(kAcknowledgedNotDurable) && nodes_[node].remembered)
        nodes_[node].env->restore(nodes_[node].remembered);
    for (Connection& connection : connections_) {
        if (connection.acceptor == node) connection.acceptor_link = 0;
        if (connection.dialler != node) continue;
        // The other end may hear of it, or find out by silence.
        const LinkId link = connection.acceptor_link;
        connection.acceptor_link = 0;
        if (link != 0 && running(connection.acceptor) && random_.chance(50)) {
            nodes_[connection.acceptor].replicator->link_down(link);
            perform(connection.acceptor);
        }
    }
}

void Cluster::pause(unsigned node, std::uint64_t ms) {
    trace("pause " + std::to_string(node) + " for " + std::to_string(ms) + " ms");
    ++counters_["pauses"];
    nodes_[node].paused_until_ms = now_ms_ + ms;
}

void Cluster::remember_state(unsigned node) {
    Node& self = nodes_[node];
    self.remembered = std::make_shared<kv::MemoryEnv::Tables>(*self.env->state());
    self.remembered_version = self.last_version;
}

void Cluster::roll_back(unsigned node) {
    Node& self = nodes_[node];
    if (!self.remembered) return;
    trace("roll back " + std::to_string(node));
    ++counters_["rollbacks"];
    replace_store(node, self.remembered, self.remembered_version);
}

bool Cluster::go_back_in_place(unsigned node) {
    Node& self = nodes_[node];
    if (!self.remembered) return false;
    trace("go back in place " + std::to_string(node));
    ++counters_["went back in place"];
    const bool was_running = running(node);
    crash(node);
    self.env->fail_commits(0);
    self.env->restore(self.remembered);
    open_store(node);
    self.last_version = self.remembered_version;
    forked_ = true;
    for (unsigned i = 0; i < size(); ++i)
        if (!nodes_[i].store) open_store(i);
    if (can_be_shown(node)) {
        ++counters_["forks to be noticed"];
        to_be_noticed_.emplace_back(node, store(node).replica().value());
    } else if (others_saw_more(node)) {
        unprovable_ = true;
    }
    // It may have been the one who could show the others theirs.
    const auto lost = std::erase_if(to_be_noticed_, [&](const auto& fork) {
        return fork.first != node && !shown_by_a_head(fork.first);
    });
    unprovable_ = unprovable_ || lost > 0;
    if (was_running) start(node);
    return true;
}

bool Cluster::shown_by_a_head(unsigned node) {
    const ReplicaId self = store(node).replica().value();
    for (const std::string& bucket : buckets_) {
        for (unsigned i = 0; i < size(); ++i) {
            if (i == node) continue;
            for (const Head& head : store(i).kept_heads(bucket, self).value()) {
                const HeadStanding standing = store(node).check_head(bucket, head).value();
                if (standing == HeadStanding::kAhead || standing == HeadStanding::kForked)
                    return true;
            }
        }
    }
    return false;
}

bool Cluster::others_saw_more(unsigned node) {
    const ReplicaId self = store(node).replica().value();
    for (const std::string& bucket : buckets_) {
        const std::uint64_t written = store(node).read(bucket)->version()[self];
        for (unsigned i = 0; i < size(); ++i)
            if (store(i).read(bucket)->version()[self] > written) return true;
    }
    return false;
}

bool Cluster::can_be_shown(unsigned node) {
    return (options_.heads_arrive() && others_saw_more(node)) || shown_by_a_head(node);
}

bool Cluster::forks_noticed() {
    return std::none_of(to_be_noticed_.begin(), to_be_noticed_.end(), [this](const auto& fork) {
        return store(fork.first).replica().value() == fork.second;
    });
}

void Cluster::clone(unsigned node, unsigned original) {
    Node& other = nodes_[original];
    if (node == original) return;
    trace("clone " + std::to_string(original) + " to " + std::to_string(node));
    ++counters_["clones"];
    // With the store comes the clock that stamped its writes.
    nodes_[node].latest_wall_ms = std::max(nodes_[node].latest_wall_ms, other.latest_wall_ms);
    replace_store(node, std::make_shared<kv::MemoryEnv::Tables>(*other.env->state()),
                  other.last_version);
}

void Cluster::replace_store(unsigned node, std::shared_ptr<const kv::MemoryEnv::Tables> state,
                            std::map<std::string, VersionVector> version) {
    Node& self = nodes_[node];
    const bool was_running = running(node);
    crash(node);
    self.env->fail_commits(0);
    self.env->restore(std::move(state));
    open_store(node);
    const ReplicaId old = self.store->replica().value();
    if (!KIGUMI_DEFECT(kDotReusedAfterRestore)) self.store->renew_identity(old).value();
    self.last_version = std::move(version);
    if (was_running) start(node);
}

void Cluster::fill_disk(unsigned node, std::uint64_t ms) {
    trace("full disk at " + std::to_string(node) + " for " + std::to_string(ms) + " ms");
    ++counters_["full disks"];
    nodes_[node].env->fail_commits(~0U);
    nodes_[node].full_until_ms = now_ms_ + ms;
}

void Cluster::retire(unsigned node, unsigned by) {
    if (node == by || !running(node) || !nodes_[by].store) return;
    const ReplicaId gone = store(node).replica().value();
    if (!members::put(store(by), gone, members::Standing::kRetired)) return;
    trace("retire " + std::to_string(node) + " at " + std::to_string(by));
    ++counters_["members retired"];
    nodes_[node].replicator->leave();
    perform(node);
    crash(node);
    if (running(by)) nodes_[by].replicator->local_commit();
}

void Cluster::heal() {
    trace("heal");
    faults_ = false;
    heal_network();
    if (forked_) ++counters_[unprovable_ ? "forks that nobody can show" : "forks to be settled"];
    for (unsigned i = 0; i < size(); ++i) {
        nodes_[i].env->fail_commits(0);
        nodes_[i].full_until_ms = 0;
        nodes_[i].paused_until_ms = 0;
        nodes_[i].wake_ms = now_ms_;
        start(i);
    }
}

void Cluster::deliver_old_messages(std::uint64_t within_ms) {
    for (; !flights_.empty(); flights_.pop()) stash_.push_back(flights_.top());
    for (Flight& flight : stash_) {
        flight.at_ms = now_ms_ + random_.below(within_ms);
        flights_.push(std::move(flight));
    }
    stash_.clear();
}

void Cluster::write(unsigned node, const std::string& bucket, Random& random) {
    if (!nodes_[node].store) open_store(node);  // an application needs no daemon
    if (KIGUMI_DEFECT(kAcknowledgedNotDurable) && random.chance(30)) remember_state(node);
    auto begun = store(node).write(bucket);
    if (!begun) throw Violation("cannot begin a write: " + begun.error().message);
    Executed* const request = choose_request(bucket, random);
    const bool repeated = request != nullptr && known(*request, begun->version());
    Recorder recorder(std::move(*begun));
    write_all(recorder, request, node, random);
    if (request != nullptr && recorder.events.empty() != repeated)
        throw Violation("node " + std::to_string(node) + " executes request " + request->id +
                        (repeated ? ", whose execution it has seen" : " not at all"));
    if (repeated) {
        ++counters_["requests repeated"];
        if (request->node != node) ++counters_["requests repeated elsewhere"];
        return;
    }
    if (random.chance(3)) return;  // the application gives up: nothing may remain
    if (!recorder.commit()) {
        ++counters_["failed commits"];
        return;
    }
    ++counters_["transactions"];
    if (forked_) {
        if (nodes_[node].replicator) nodes_[node].replicator->local_commit();
        nodes_[node].wake_ms = std::min(nodes_[node].wake_ms, now_ms_);
        return;
    }
    trace("write at " + std::to_string(node) + ": " + std::to_string(recorder.events.size()) +
          " events");
    if (!recorder.events.empty()) {
        const auto& [at, event] = recorder.events.back();
        history_.add_boundary(bucket, event.dot);
        // What the application is handed, to read its writes on any node.
        tokens_.push_back({bucket, store(node).read(bucket).value().version(), at, event.dot,
                           event.payload.index() == 0});
        if (tokens_.size() > 30) tokens_.pop_front();
    }
    if (request != nullptr) {
        ++counters_[request->times.empty() ? "requests" : "requests executed again"];
        request->times.emplace_back(recorder.events.back().second.dot, now_ms_);
        request->node = node;
    }
    for (auto& [at, event] : recorder.events) {
        // No other node may have pushed this one's clock further than the bound.
        if (event.time.ms() > nodes_[node].latest_wall_ms + HlcClock::kMaxDriftMs + 1)
            throw Violation("node " + std::to_string(node) + " stamps " +
                            std::to_string(event.time.ms()) +
                            ", its clock never showed more than " +
                            std::to_string(nodes_[node].latest_wall_ms));
        if (const std::string wrong = history_.add(bucket, at, std::move(event)); !wrong.empty())
            throw Violation(wrong);
    }
    // The signal comes at once, or is lost and the daemon polls.
    nodes_[node].wake_ms = std::min(nodes_[node].wake_ms, now_ms_ + (random.chance(80) ? 0 : 20));
    if (nodes_[node].replicator) nodes_[node].replicator->local_commit();
}

void Cluster::perform(unsigned node) {
    const Effects effects = nodes_[node].replicator->take_effects();
    for (const auto& note : effects.notes)
        trace("  node " + std::to_string(node) + " " + note.event + " " + note.detail);
    for (const auto& note : effects.notes) {
        ++counters_[note.event];
        if (note.event == "audit.difference" && !damaged_ && !forked_ && options_.members_known())
            throw Violation("an audit found a difference: " + note.detail);
        if (note.event == "collect.done")
            counters_["rows collected"] +=
                std::stoul(note.detail.substr(note.detail.rfind('=') + 1));
        if (note.event == "peer.refused" && note.detail.find("itself") == std::string::npos)
            throw Violation("an honest message was refused: " + note.detail);
    }
    for (const auto& send : effects.sends) {
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            const Connection& connection = connections_[i];
            if (connection.dialler == node && connection.dialler_link == send.link)
                transmit(i, true, send.message);
            else if (connection.acceptor == node && connection.acceptor_link == send.link)
                transmit(i, false, send.message);
        }
    }
    nodes_[node].wake_ms = std::max(now_ms_ + 1, nodes_[node].replicator->next_wakeup());
}

void Cluster::transmit(std::size_t index, bool to_acceptor, std::string message) {
    const Connection& connection = connections_[index];
    const unsigned from = to_acceptor ? connection.dialler : connection.acceptor;
    const unsigned to = to_acceptor ? connection.acceptor : connection.dialler;
    ++counters_["messages"];
    counters_["message bytes"] += message.size();
    if (options_.trace)
        trace("  " + std::to_string(from) + " -> " + std::to_string(to) + " " +
              message_name(message) + " " + std::to_string(message.size()) + " B");
    ++counters_["sent " + message_name(message)];
    if (cut_.contains({from, to})) {
        ++counters_["messages cut off"];
        return;
    }
    if (faults_ && random_.chance(options_.replay)) {
        stash_.push_back({0, 0, index, to_acceptor, message});
        ++counters_["messages kept for replay"];
    }
    if (faults_ && random_.chance(options_.loss)) {
        ++counters_["messages lost"];
        return;
    }
    if (faults_ && options_.forgery > 0 && random_.chance(options_.forgery)) {
        if (auto lie = forged(message, random_)) {
            ++counters_["messages forged"];
            message = std::move(*lie);
        }
    }
    if (faults_ && policy_of(from) && random_.chance(options_.tampering)) {
        if (auto lie = tampered(message, *restricted_, random_)) {
            ++counters_["messages tampered with"];
            message = std::move(*lie);
        }
    }
    if (faults_ && random_.chance(options_.duplication)) {
        ++counters_["messages duplicated"];
        launch(index, to_acceptor, message);
    }
    launch(index, to_acceptor, std::move(message));
}

void Cluster::launch(std::size_t index, bool to_acceptor, std::string message) {
    std::uint64_t& last_ms = connections_[index].last_arrival_ms[to_acceptor ? 1 : 0];
    std::uint64_t at_ms = now_ms_ + random_.between(1, options_.delay_ms);
    if (faults_ && random_.chance(options_.long_delay)) {
        ++counters_["messages delayed for long"];
        at_ms = now_ms_ + random_.between(1'000, 120'000);
    } else if (faults_ && random_.chance(options_.reorder)) {
        ++counters_["messages reordered"];
    } else {
        last_ms = at_ms = std::max(at_ms, last_ms);
    }
    flights_.push({at_ms, order_++, index, to_acceptor, std::move(message)});
}

void Cluster::deliver(const Flight& flight) {
    Connection& connection = connections_[flight.connection];
    const unsigned to = flight.to_acceptor ? connection.acceptor : connection.dialler;
    const unsigned from = flight.to_acceptor ? connection.dialler : connection.acceptor;
    if (!running(to) || cut_.contains({from, to})) return;
    Node& node = nodes_[to];
    if (node.paused_until_ms > now_ms_) {
        Flight later = flight;
        later.at_ms = node.paused_until_ms;
        flights_.push(std::move(later));
        return;
    }
    if (flight.to_acceptor && connection.acceptor_link == 0) {
        connection.acceptor_link = next_link_++;
        node.replicator->link_up(connection.acceptor_link, false, "accepted", now_ms_,
                                 policy_of(connection.dialler));
    }
    const LinkId link = flight.to_acceptor ? connection.acceptor_link : connection.dialler_link;
    node.replicator->receive(link, flight.message, now_ms_);
    node.wake_ms = now_ms_;
}

void Cluster::wake(unsigned index) {
    Node& node = nodes_[index];
    node.replicator->tick(now_ms_);
    if (!forked_) adopt_removals(index);
    node.replicator->flush(now_ms_);
    perform(index);
    const std::size_t bound = options_.large ? std::size_t{16} << 20 : 24'000 + 2'250 + 4'000;
    if (node.replicator->buffered_bytes() > bound)
        throw Violation("node " + std::to_string(index) + " buffers " +
                        std::to_string(node.replicator->buffered_bytes()) + " bytes");
}

void Cluster::run_for(std::uint64_t ms) {
    const std::uint64_t until = now_ms_ + ms;
    for (;;) {
        std::uint64_t next = until;
        if (!flights_.empty()) next = std::min(next, flights_.top().at_ms);
        for (const Node& node : nodes_)
            if (node.replicator)
                next = std::min(next, std::max(node.wake_ms, node.paused_until_ms));
        now_ms_ = std::max(now_ms_, next);
        for (Node& node : nodes_) {
            if (node.full_until_ms == 0 || node.full_until_ms > now_ms_) continue;
            node.full_until_ms = 0;
            node.env->fail_commits(0);
        }
        while (!flights_.empty() && flights_.top().at_ms <= now_ms_) {
            const Flight flight = flights_.top();
            flights_.pop();
            deliver(flight);
        }
        for (unsigned i = 0; i < size(); ++i)
            if (running(i) && nodes_[i].wake_ms <= now_ms_ && nodes_[i].paused_until_ms <= now_ms_)
                wake(i);
        check();
        if (now_ms_ >= until) return;
    }
}

void Cluster::check() {
    if (damaged_ || forked_) return;
    for (unsigned i = 0; i < size(); ++i) {
        Node& node = nodes_[i];
        if (!node.store) continue;
        const std::uint64_t commits = node.env->commits();
        if (commits == node.checked_commits) continue;
        node.checked_commits = commits;
        for (const std::string& bucket : buckets_) check_bucket(i, bucket);
    }
}

void Cluster::check_bucket(unsigned index, const std::string& bucket) {
    Node& node = nodes_[index];
    auto snapshot = node.store->read(bucket).value();
    // Rows change with V or G. That nothing else changes them is checked now and then.
    const auto cut = std::pair(snapshot.version(), snapshot.floor());
    const bool same = node.checked_cut[bucket] == cut && !snapshot.folding();
    if (faults_ && same && !random_.chance(10)) return;
    node.checked_cut[bucket] = cut;
    ++counters_["states checked"];
    const std::string where = "node " + std::to_string(index) + " bucket " + bucket + " at " +
                              describe(snapshot.version());
    VersionVector& last = node.last_version[bucket];
    if (!snapshot.version().covers(last))
        throw Violation(where + ": version went back from " + describe(last));
    last = snapshot.version();
    if (!history_.whole(bucket, snapshot.version()))
        throw Violation(where + ": a transaction is torn");
    if (const auto log = snapshot.check_log(); !log)
        throw Violation(where + ": " + log.error().message);
    std::map<RowKey, Row> rows;
    snapshot
        .scan({},
              [&](const RowKey& at, const Row& row) {
                  rows.emplace(at, row);
                  if (in_conflict(at, row)) ++counters_["siblings seen"];
                  return true;
              })
        .value();
    check_tokens(bucket, snapshot, where);
    if (snapshot.folding()) check_folding(snapshot, rows, where);
    collected_[bucket].merge(snapshot.floor());
    for (const auto& [origin, counter] : snapshot.floor())
        if (!history_.removal(bucket, {origin, counter}))
            throw Violation(where + ": G names what was never collected");
    auto expected = visible(history_.rows_at(bucket, snapshot.version()));
    auto actual = visible(rows);
    if (!options_.members_known()) {
        // A member that the collector did not know of, or that went back behind what it had
        // confirmed, may bring a value for which a removal was collected: known, and the least that
        // can be had without asking everybody. The values themselves must be exact all the same.
        expected = forgiven(std::move(expected), collected_[bucket]);
        actual = forgiven(std::move(actual), collected_[bucket]);
    }
    if (expected != actual)
        throw Violation(where + ": not the exact cut" + difference(expected, actual));
    if (counters_["states checked"] % kChecksPerBackup == 0 && !snapshot.folding())
        check_archive(index, bucket, std::move(actual));
}

void Cluster::check_folding(ReadTransaction& snapshot, const std::map<RowKey, Row>& rows,
                            const std::string& where) {
    ++counters_["states checked while folding"];
    const VersionVector from = snapshot.indexed_from({});
    std::map<Dot, RowKey> logged;
    for (const auto& [at, row] : rows) {
        if (snapshot.get(at).value() != row)
            throw Violation(where + ": a row reads differently alone and among others");
        for (const Write& write : row)
            if (!from.covers(write.dot)) logged.emplace(write.dot, at);
    }
    for (const auto& [name, last] : snapshot.version()) {
        const ReplicaId& origin = name;
        const auto take = [&](std::uint64_t counter, const KeyedRow& keyed) {
            const auto it = logged.find({origin, counter});
            if (it == logged.end() || it->second != keyed.at || rows.at(keyed.at) != keyed.row)
                throw Violation(where + ": the log names what does not show");
            logged.erase(it);
            return true;
        };
        snapshot.scan_log(origin, from[origin], last, take).value();
    }
    if (!logged.empty()) throw Violation(where + ": the log lacks what shows");
}

void Cluster::check_archive(unsigned index, const std::string& bucket,
                            std::map<RowKey, Row> shown) {
    Archive& archive = nodes_[index].archives[bucket];
    const bool increment = archive.follow(store(index), bucket);
    ++counters_[increment ? "backups of changes" : "backups in full"];
    auto kept = visible(archive.rows());
    if (!options_.members_known()) kept = forgiven(std::move(kept), collected_[bucket]);
    if (kept != shown)
        throw Violation("the backup of node " + std::to_string(index) + " bucket " + bucket +
                        " is not what was backed up" + difference(shown, kept));
}

VersionVector Cluster::target(const std::string& bucket) {
    // A store that goes back in time may take the only copy of an event with it.
    if (counters_["rollbacks"] + counters_["clones"] == 0 && !forked_)
        return history_.everything(bucket);
    VersionVector known;
    for (unsigned i = 0; i < size(); ++i) known.merge(store(i).read(bucket).value().version());
    return known;
}

void Cluster::check_tokens(const std::string& bucket, ReadTransaction& snapshot,
                           const std::string& where) {
    for (const Token& token : tokens_) {
        // A removal may have been collected.
        if (token.bucket != bucket || token.removal || !snapshot.version().covers(token.version))
            continue;
        ++counters_["session tokens honoured"];
        if (!history_.visible(bucket, token.at, token.dot, snapshot.version())) continue;
        if (snapshot.get(token.at).value().find(token.dot) == nullptr)
            throw Violation(where + ": covers a session token and does not show its write " +
                            token.dot.text());
    }
}

void Cluster::plant_differences(unsigned count) {
    damaged_ = true;
    // What a row that one replica keeps for all the others; not the same one for all rows.
    std::map<std::pair<std::string, RowKey>, unsigned> keepers;
    for (unsigned i = 0; i < count; ++i) {
        const std::string& bucket = buckets_[random_.below(buckets_.size())];
        const auto node = static_cast<unsigned>(random_.below(size()));
        const auto rows = sound_rows(node, bucket);
        if (!rows || rows->empty()) continue;
        const auto row =
            std::next(rows->begin(), static_cast<std::ptrdiff_t>(random_.below(rows->size())));
        const auto keeper =
            keepers.try_emplace({bucket, row->first}, static_cast<unsigned>(random_.below(size())));
        if (keeper.first->second != node) plant_difference(node, bucket, row->first, row->second);
    }
}

void Cluster::plant_difference(unsigned node, const std::string& bucket, const RowKey& at,
                               const Row& row) {
    constexpr const char* kWhat[] = {"row dropped", "write dropped", "record damaged",
                                     "log entry lost"};
    const std::uint64_t what = random_.below(std::size(kWhat));
    trace(std::string(kWhat[what]) + " at " + std::to_string(node) + ": " + at.key + " " +
          path_json(at));
    ++counters_[std::string("planted: ") + kWhat[what]];
    const Dot dot =
        std::next(row.begin(), static_cast<std::ptrdiff_t>(random_.below(row.size())))->dot;
    if (what < 2) {
        Row left;
        if (what == 1) {
            left = row;
            left.erase(dot);
        }
        auto tx = store(node).write(bucket).value();
        tx.put(at, row, left).value();
        tx.commit().value();
        return;
    }
    auto tx = nodes_[node].env->begin_write().value();
    const auto id = schema::find_bucket(*tx, bucket).value().value();
    if (what == 2) {
        const std::string key = schema::bucket_prefix(id) + store_key(at).bytes;
        std::string record(tx->get(kv::Table::kRows, key).value().value());
        char& byte = record[random_.below(record.size())];
        byte = static_cast<char>(byte ^ (1 << random_.below(8)));
        tx->put(kv::Table::kRows, key, record).value();
    } else {
        OriginTable origins;
        origins.catch_up(*tx).value();
        tx->erase(kv::Table::kLog,
                  schema::log_key(id, origins.find(dot.origin).value(), dot.counter))
            .value();
    }
    tx->commit().value();
}

std::optional<std::map<RowKey, Row>> Cluster::sound_rows(unsigned node, const std::string& bucket) {
    auto snapshot = store(node).read(bucket).value();
    if (!snapshot.check_log()) return std::nullopt;
    std::map<RowKey, Row> rows;
    snapshot
        .scan({},
              [&rows](const RowKey& at, const Row& row) {
                  if (!row.removed()) rows.emplace(at, row);
                  return true;
              })
        .value();
    return rows;
}

bool Cluster::identical() {
    if (unprovable_) return true;
    for (const std::string& bucket : buckets_) {
        const auto rows = sound_rows(0, bucket);
        if (!rows) return false;
        for (unsigned i = 1; i < size(); ++i)
            if (sound_rows(i, bucket) != rows) return false;
    }
    return true;
}

void Cluster::check_identical() {
    if (std::exchange(damaged_, false)) {
        // What audits repair is older than the versions that increments begin at.
        for (Node& node : nodes_) node.archives.clear();
    }
    if (identical()) return;
    for (unsigned i = 0; i < size(); ++i) {
        for (const std::string& bucket : buckets_) {
            store(i).read(bucket)->check_log().value();
            const auto first = sound_rows(0, bucket).value_or(std::map<RowKey, Row>());
            const auto other = sound_rows(i, bucket).value_or(std::map<RowKey, Row>());
            if (other != first)
                throw Violation("audits left node 0 and node " + std::to_string(i) + " different" +
                                difference(first, other));
        }
    }
}

bool Cluster::members_agree() {
    const auto list = members::list(store(0)).value();
    for (unsigned i = 1; i < size(); ++i)
        if (members::list(store(i)).value() != list) return false;
    return true;
}

bool Cluster::converged() {
    if (!members_agree() || !forks_noticed()) return false;
    for (const std::string& bucket : buckets_) {
        const VersionVector all = target(bucket);
        for (unsigned i = 0; i < size(); ++i) {
            const auto snapshot = store(i).read(bucket).value();
            if (!snapshot.version().covers(all) || snapshot.folding()) return false;
        }
    }
    return true;
}

void Cluster::check_converged() {
    if (!members_agree()) throw Violation("the replicas have different lists of members");
    for (const auto& [node, identity] : to_be_noticed_)
        if (store(node).replica().value() == identity)
            throw Violation("node " + std::to_string(node) + " went back in place as " +
                            identity.short_hex() + " and has not noticed it" +
                            (shown_by_a_head(node) ? "; there is a head that shows it" : ""));
    for (const std::string& bucket : buckets_) {
        const VersionVector all = target(bucket);
        for (unsigned i = 0; i < size(); ++i) {
            const VersionVector reached = store(i).read(bucket).value().version();
            if (reached != all)
                throw Violation("node " + std::to_string(i) + " bucket " + bucket +
                                " has not converged: it is at " + describe(reached) + "of " +
                                describe(all));
            auto snapshot = store(i).read(bucket).value();
            if (options_.proofs) check_proofs(i, bucket);
            if (forked_) continue;
            check_requests(bucket, snapshot);
            // Equal vectors and the exact cut at each make the replicas identical.
            check_bucket(i, bucket);
        }
    }
}

void Cluster::check_proofs(unsigned index, const std::string& bucket) {
    auto snapshot = store(index).read(bucket).value();
    snapshot
        .scan({},
              [&](const RowKey& at, const Row& row) {
                  for (const Write& write : row) {
                      ++counters_["proofs checked"];
                      if (const auto sound = check_proof(bucket, at, write); !sound)
                          throw Violation("node " + std::to_string(index) + ": " +
                                          sound.error().message);
                  }
                  return true;
              })
        .value();
}

void Cluster::trace(const std::string& what) const {
    if (options_.trace)
        std::printf("%8llu ms  %s\n", static_cast<unsigned long long>(now_ms_), what.c_str());
}

}  // namespace kigumi::sim
