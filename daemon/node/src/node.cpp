#include "kigumi/daemon/node.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "claims.hpp"
#include "discovery.hpp"
#include "drain.hpp"
#include "endpoint.hpp"
#include "kigumi/replication/commit_signal.hpp"
#include "note_limiter.hpp"
#include "proof_checker.hpp"
#include "transport.hpp"
#include "turn_meter.hpp"

namespace kigumi {
namespace {

/// How often to look for commits that no signal announced.
constexpr std::uint64_t kCommitPollMs = 20;
constexpr int kGoodbyeLingerMs = 200;
/// As many as a greeting takes.
constexpr std::size_t kMaxClusterName = 64;

using files::Descriptor;

/// Whether somebody rang; quiet again.
bool rang(const Descriptor& bell) {
    std::array<char, 256> bytes{};
    bool any = false;
    while (read(bell.get(), bytes.data(), bytes.size()) > 0) any = true;
    return any;
}

/// The lock that makes a node the only one of its data directory.
Result<files::Lock> lock_directory(const std::filesystem::path& directory) {
    // Somebody who only looks whether a node runs holds the lock for a moment.
    for (int attempt = 0; attempt < 10; ++attempt) {
        auto lock = files::Lock::take(directory / "kigumid.lock", files::Lock::Mode::kExclusive);
        if (lock || lock.error().code != ErrorCode::kBusy) return lock;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return fail(ErrorCode::kBusy, "another node runs on " + directory.string() + "; stop it first");
}

}  // namespace

/// The thread, and all that it alone touches.
class Node::Loop {
  public:
    Loop(Store& store, NodeOptions options)
        : store_(store),
          options_(std::move(options)),
          replicator_(store, complete(options_.replication)),
          transport_(
              {[this](LinkId link, bool dialled, const std::string& address, bool control,
                      const PublicKey* key) { link_up(link, dialled, address, control, key); },
               [this](LinkId link) { link_down(link); },
               [this](LinkId link, std::string_view message) { receive(link, message); },
               [this](Effects::Note::Level level, const char* event, std::string detail) {
                   report({level, event, std::move(detail)});
               }}) {}

    ~Loop() {
        if (!thread_.joinable()) return;
        ring(stop_);
        thread_.join();
    }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    Result<void> start() {
        KIGUMI_TRY(lock_, lock_directory(store_.directory()));
        KIGUMI_TRY(wake_, commit_signal::listen(store_.directory()));
        stop_ = Descriptor(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
        wake_for_question_ = Descriptor(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
        KIGUMI_CHECK(lock_up());
        KIGUMI_TRY(const std::string endpoint, endpoint_of(options_.listen, options_.insecure));
        KIGUMI_CHECK(transport_.listen(endpoint));
        std::vector<membership::Contact> configured;
        for (const std::string& peer : options_.peers) {
            KIGUMI_TRY(const PeerAddress dialled, peer_address_of(peer, options_.insecure));
            if (dialled.key && !allowed_.allows(*dialled.key))
                return fail(ErrorCode::kInvalidArgument, "the key of the peer \"" + peer +
                                                             "\" is not listed; add --allow " +
                                                             dialled.key->text());
            KIGUMI_CHECK(transport_.dial(dialled.endpoint, false, dialled.key));
            configured.push_back(
                {{}, address_of(dialled.endpoint), dialled.key ? dialled.key->text() : "", false});
        }
        if (!options_.only_peers) KIGUMI_CHECK(begin_discovery(std::move(configured)));
        proofs_.emplace(store_, [this] { ring(wake_for_question_); });
        thread_ = std::thread([this] { run(); });
        return {};
    }

    const std::string& address() const { return transport_.bound(); }

    std::uint64_t idle_ms() const { return turns_.idle_ms(steady_ms()); }
    std::uint64_t longest_turn_ms() const { return turns_.longest_ms(steady_ms()); }
    std::uint64_t longest_turn_of_minute_ms() const {
        return turns_.longest_of_minute_ms(steady_ms());
    }

    void retune(ReplicatorOptions options) {
        const std::lock_guard lock(orders_mutex_);
        retuned_ = std::move(options);
    }

    void drain() {
        draining_ = true;
        ring(wake_for_question_);
    }
    bool drained() const { return drained_; }

    Result<ReplicatorStatus> status(std::chrono::milliseconds patience) {
        return ask<ReplicatorStatus>(patience, [this] {
            ReplicatorStatus status = replicator_.status();
            for (LinkStatus& link : status.links)
                link.queued_bytes = transport_.waiting_bytes(link.link);
            return status;
        });
    }

    Result<std::optional<MembershipStatus>> membership(std::chrono::milliseconds patience) {
        using Answer = std::optional<MembershipStatus>;
        return ask<Answer>(patience,
                           [this] { return discovery_ ? discovery_->status() : Answer(); });
    }

    /// Lets the node's thread answer. `make` runs there, perhaps long after nobody waits any more.
    template <class Answer>
    Result<Answer> ask(std::chrono::milliseconds patience, std::function<Answer()> make) {
        auto asked = std::make_shared<std::promise<Answer>>();
        auto answer = asked->get_future();
        {
            const std::lock_guard lock(questions_mutex_);
            questions_.push_back([asked, make = std::move(make)] { asked->set_value(make()); });
        }
        ring(wake_for_question_);
        if (answer.wait_for(patience) == std::future_status::ready) return answer.get();
        return fail(ErrorCode::kBusy, "the node's thread has not answered for " +
                                          std::to_string(patience.count()) +
                                          " ms; it is busy, or hangs");
    }

    Result<void> set_allowed(const std::vector<std::string>& allow) {
        if (options_.insecure)
            return fail(ErrorCode::kInvalidArgument,
                        "this node speaks plain text (--insecure), so there is no allow list");
        const std::lock_guard lock(affected_mutex_);
        KIGUMI_TRY(auto affected, allowed_.replace(allow));
        affected_.merge(affected);
        list_changed_ = true;
        return {};
    }

  private:
    Result<void> begin_discovery(std::vector<membership::Contact> configured) {
        membership::Contact self;
        KIGUMI_TRY(self.replica, store_.replica());
        self.address = reachable_address(transport_.bound());
        self.leaf = options_.leaf;
        if (own_) self.key = own_->public_key().text();
        if (!options_.advertise.empty()) {
            KIGUMI_TRY(const std::string told, endpoint_of(options_.advertise, options_.insecure));
            self.address = address_of(told);
        }
        MembershipOptions membership = options_.membership;
        membership.random = complete(options_.replication).random;
        const auto dial = [this](const membership::Contact& contact, bool control) -> Result<void> {
            KIGUMI_TRY(const std::string endpoint, endpoint_of(contact.address, options_.insecure));
            std::optional<PublicKey> key;
            // Only the address of a configured peer may come without one.
            if (own_ && !contact.key.empty()) {
                KIGUMI_TRY(key, PublicKey::parse(contact.key));
            }
            return transport_.dial(endpoint, control, std::move(key));
        };
        const auto hang_up = [this](const std::string& address, bool control) {
            if (const auto endpoint = endpoint_of(address, options_.insecure))
                transport_.hang_up(*endpoint, control);
        };
        const auto send = [this](LinkId link, std::string message) {
            transport_.send(link, std::move(message));
        };
        discovery_.emplace(store_, std::move(self), std::move(configured), std::move(membership),
                           options_.neighbours,
                           Discovery::Wires{dial, hang_up, send,
                                            [this](const Effects::Note& note) { report(note); }},
                           own_ ? claims_.membership_policy() : nullptr, steady_ms());
        return {};
    }

    void link_up(LinkId link, bool dialled, const std::string& address, bool control,
                 const PublicKey* key) {
        if (key != nullptr) keys_of_links_[link] = key->text();
        if (!control)
            return replicator_.link_up(link, dialled, address, steady_ms(),
                                       key == nullptr ? nullptr : claims_.policy(*key));
        control_links_.insert(link);
        if (discovery_)
            discovery_->link_up(link, dialled ? address_of(address) : "",
                                key == nullptr ? "" : key->text());
    }

    void link_down(LinkId link) {
        links_that_ended_.push_back(link);
        if (control_links_.erase(link) == 0) return replicator_.link_down(link);
        if (discovery_) discovery_->link_down(link);
    }

    void receive(LinkId link, std::string_view message) {
        if (!control_links_.contains(link)) return replicator_.receive(link, message, steady_ms());
        if (!discovery_) return;
        const auto heard = discovery_->receive(link, message, steady_ms());
        if (heard) return;
        report({Effects::Note::Level::kWarning, "peer.refused",
                "control connection, reason=\"" + heard.error().message + '"', link});
        transport_.close(link);
    }

    ReplicatorOptions complete(ReplicatorOptions options) const {
        if (options_.leaf) options.relay = false;
        options.proofs_elsewhere = true;
        if (!options_.insecure) {
            options.reads = [this](const ReplicaId& replica, std::string_view bucket) {
                return claims_.reads(replica, bucket);
            };
            options.peer_of = [this](const ReplicaId& replica) { return claims_.peer_of(replica); };
        }
        if (!options.random) {
            auto generator = std::make_shared<std::mt19937_64>(std::random_device{}());
            options.random = [generator] { return (*generator)(); };
        }
        return options;
    }

    static void ring(const Descriptor& bell) {
        const std::uint64_t one = 1;
        static_cast<void>(!write(bell.get(), &one, sizeof one));
    }

    void answer_questions() {
        if (!rang(wake_for_question_)) return;
        std::vector<std::function<void()>> questions;
        {
            const std::lock_guard lock(questions_mutex_);
            questions.swap(questions_);
        }
        for (const auto& answer : questions) answer();
    }

    Result<void> lock_up() {
        if (options_.replication.cluster.size() > kMaxClusterName ||
            !is_utf8(options_.replication.cluster))
            return fail(ErrorCode::kInvalidArgument,
                        "the name of the cluster must be UTF-8 of at most 64 bytes");
        if (options_.insecure && (!options_.key_file.empty() || !options_.allow.empty()))
            return fail(ErrorCode::kInvalidArgument,
                        "--insecure is plain text without keys; leave it out, or --key and "
                        "--allow");
        if (options_.insecure) return {};
        if (options_.key_file.empty())
            return fail(ErrorCode::kInvalidArgument,
                        "this node has no key; make one with 'kigumi keygen FILE', then give "
                        "--key FILE, and --allow PUBLICKEY for each peer (or --insecure: plain "
                        "text, on loopback only)");
        KIGUMI_TRY(KeyPair own, KeyPair::load(options_.key_file));
        own_.emplace(std::move(own));
        KIGUMI_CHECK(allowed_.replace(options_.allow));
        KIGUMI_CHECK(claims_.load(store_.directory() / "kigumid.claims"));
        return transport_.lock(*own_, allowed_);
    }

    void drop_affected() {
        std::set<PublicKey> affected;
        {
            const std::lock_guard lock(affected_mutex_);
            if (!std::exchange(list_changed_, false)) return;
            affected.swap(affected_);
        }
        transport_.drop(affected);
        if (discovery_) discovery_->review();
    }

    void run() {
        while (!rang(stop_)) {
            try {
                turn();
            } catch (const std::exception& error) {
                // Memory, or a socket that broke in a way that has no name: what was under way is
                // repeated by the protocol.
                report({Effects::Note::Level::kWarning, "loop.failed", error.what()});
            }
        }
        if (discovery_) discovery_->leave();
        replicator_.leave();
        perform();
        transport_.flush();
        transport_.shut_down(kGoodbyeLingerMs);
    }

    void turn() {
        const std::uint64_t now_ms = steady_ms();
        turns_.turned(now_ms);
        take_orders();
        const std::uint64_t due_ms =
            std::min({replicator_.next_wakeup(), now_ms + kCommitPollMs,
                      discovery_ ? discovery_->next_wakeup() : UINT64_MAX});
        transport_.poll({wake_.get(), stop_.get(), wake_for_question_.get()},
                        due_ms > now_ms ? static_cast<long>(due_ms - now_ms) : 0);
        const commit_signal::Heard heard = commit_signal::hear(wake_.get());
        if (heard.anything || committed_elsewhere()) replicator_.local_commit();
        if (heard.confirmations_wanted) replicator_.confirmations_wanted(steady_ms());
        drop_affected();
        for (const ProofChecker::Outcome& outcome : proofs_->take())
            replicator_.proofs_checked(outcome.id, outcome.checked, steady_ms());
        if (discovery_ && discovery_->next_wakeup() <= steady_ms())
            discovery_->tick(replicator_.linked(), steady_ms());
        replicator_.tick(steady_ms());
        replicator_.flush(steady_ms());
        perform();
        transport_.flush();
        answer_questions();
        if (draining_ && !drained_) go_on_draining();
    }

    void go_on_draining() {
        const ReplicatorStatus status = replicator_.status();
        if (!drain_) {
            transport_.accept_no_more();
            drain_.emplace(status);
        }
        drained_ = drain_->done(status);
    }

    void take_orders() {
        const std::lock_guard lock(orders_mutex_);
        if (retuned_) replicator_.retune(complete(std::move(*retuned_)));
        retuned_.reset();
    }

    bool committed_elsewhere() {
        const auto usage = store_.usage();
        return usage && std::exchange(seen_commits_, usage->commits) != usage->commits;
    }

    void perform() {
        Effects effects = replicator_.take_effects();
        for (auto& send : effects.sends) transport_.send(send.link, std::move(send.message));
        for (const auto& close : effects.closes) transport_.close(close.link);
        for (const auto& note : effects.notes) report(note);
        for (auto& check : effects.checks) proofs_->check(std::move(check));
        // Now all that they gave cause for has been reported.
        for (const LinkId link : std::exchange(links_that_ended_, {})) keys_of_links_.erase(link);
        if (!options_.log) return;
        for (const auto& note : note_limiter_.left_out(steady_ms())) options_.log(note);
    }

    void report(Effects::Note note) {
        if (!options_.log) return;
        const auto key = keys_of_links_.find(note.link);
        const std::string source = key == keys_of_links_.end() ? "" : key->second;
        if (note_limiter_.admits(note, source, steady_ms())) options_.log(note);
    }

    Store& store_;
    const NodeOptions options_;
    files::Lock lock_;
    Descriptor wake_;
    Descriptor stop_;
    Descriptor wake_for_question_;
    std::mutex questions_mutex_;
    std::vector<std::function<void()>> questions_;
    std::optional<KeyPair> own_;
    AllowList allowed_;
    Claims claims_{allowed_};
    std::mutex affected_mutex_;
    std::set<PublicKey> affected_;  ///< keys whose connections are to be closed
    bool list_changed_ = false;
    Replicator replicator_;
    Transport transport_;
    NoteLimiter note_limiter_;
    std::map<LinkId, std::string> keys_of_links_;
    std::vector<LinkId> links_that_ended_;  ///< since the last report
    std::set<LinkId> control_links_;
    std::optional<Discovery> discovery_;
    std::optional<ProofChecker> proofs_;
    std::uint64_t seen_commits_ = 0;
    TurnMeter turns_{steady_ms()};
    std::atomic<bool> draining_ = false;
    std::atomic<bool> drained_ = false;
    std::optional<Drain> drain_;
    std::mutex orders_mutex_;
    std::optional<ReplicatorOptions> retuned_;  ///< to be taken over at the next turn
    std::thread thread_;
};

Node::Node(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Node::~Node() = default;

Result<std::unique_ptr<Node>> Node::start(Store& store, NodeOptions options) {
    auto loop = std::make_unique<Loop>(store, std::move(options));
    KIGUMI_CHECK(loop->start());
    return std::unique_ptr<Node>(new Node(std::move(loop)));
}

const std::string& Node::address() const { return loop_->address(); }
std::uint64_t Node::idle_ms() const { return loop_->idle_ms(); }
std::uint64_t Node::longest_turn_ms() const { return loop_->longest_turn_ms(); }
std::uint64_t Node::longest_turn_of_minute_ms() const { return loop_->longest_turn_of_minute_ms(); }
void Node::retune(ReplicatorOptions options) { loop_->retune(std::move(options)); }
void Node::drain() { loop_->drain(); }
bool Node::drained() const { return loop_->drained(); }
Result<ReplicatorStatus> Node::status(std::chrono::milliseconds patience) const {
    return loop_->status(patience);
}
Result<std::optional<MembershipStatus>> Node::membership(std::chrono::milliseconds patience) const {
    return loop_->membership(patience);
}
Result<void> Node::set_allowed(const std::vector<std::string>& allow) {
    return loop_->set_allowed(allow);
}

}  // namespace kigumi
