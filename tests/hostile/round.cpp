#include "hostile/round.hpp"

#include <algorithm>
#include <stdexcept>

#include "kigumi/replication/members.hpp"

namespace kigumi::hostile {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

constexpr seconds kAttackLimit(6);
constexpr seconds kStartLimit(30);
/// Each with its writer behind it, before anything is judged.
constexpr std::int64_t kBeatsBefore = 20;
/// Replicas of one key that may stand in V for ever. It uses three, and new ones in some attacks.
constexpr std::size_t kMaxOriginsOfKey = 64;

/// Members that a node may remember of one key.
constexpr std::size_t kMaxStrangers = 64;

class Round {
  public:
    Round(const std::filesystem::path& directory, Right right, std::uint64_t seed)
        : directory_(directory),
          right_(right),
          peer_(make_key(directory), right, seed),
          random_(seed + 1),
          a_("a", directory),
          b_("b", directory),
          control_("control", directory),
          writer_a_("a", a_.store()),
          writer_b_("b", b_.store()),
          writer_of_control_("control", control_.store()) {}

    Outcome run(const std::vector<Attack>& attacks, seconds how_long, const Bounds& bounds) {
        settle_ = bounds.settle;
        start();
        {
            Watch watch({&a_, &b_}, {&writer_a_, &writer_b_}, control_, bounds);
            attack(attacks, how_long, watch);
            watch.attack_begins("(afterwards)");
            sleep_for_ms(1'000);
            watch.stop();
            for (const auto& [what, how] : watch.broken())
                outcome_.broken.push_back(what + ": " + how);
            outcome_.worst = watch.worst();
        }
        check();
        return std::move(outcome_);
    }

  private:
    static std::filesystem::path make_key(const std::filesystem::path& directory) {
        const auto file = directory / "hostile.key";
        KeyPair::ephemeral().value().save(file).value();
        return file;
    }

    void start() {
        const std::string& key = peer_.key().public_key().text();
        const std::string entry = key + "=" + std::string(allowed_of(right_));
        a_.allow({b_.key(), entry});
        b_.allow({a_.key(), entry});
        control_.allow({a_.key()});
        const std::string server = key + "@" + peer_.server().address();
        a_.start({server});
        b_.start({a_.key() + "@" + a_.address(), server});
        control_.start({});
        peer_.aim_at({a_.target(), b_.target()});
        for (Writer* const writer : {&writer_a_, &writer_b_, &writer_of_control_}) writer->start();
        if (!eventually(kStartLimit, [this] {
                return beat_in(a_.store(), "b") > kBeatsBefore &&
                       beat_in(b_.store(), "a") > kBeatsBefore;
            }))
            throw std::runtime_error("the honest nodes do not meet:\n" + a_.process().output() +
                                     b_.process().output());
    }

    void attack(const std::vector<Attack>& attacks, seconds how_long, Watch& watch) {
        const auto end = Clock::now() + how_long;
        while (Clock::now() < end) {
            const Attack& attack = attacks[random_.below(attacks.size())];
            watch.attack_begins(attack.name);
            peer_.begin(std::min(end, Clock::now() + kAttackLimit));
            attack.run(peer_);
            ++outcome_.attacks;
            for (const std::string& finding : peer_.take_findings()) {
                const std::string line = std::string(attack.name) + ": " + finding;
                auto& broken = outcome_.broken;
                if (std::find(broken.begin(), broken.end(), line) == broken.end())
                    broken.push_back(line);
            }
        }
    }

    void check() {
        Expected expected;
        for (Writer* const writer : {&writer_a_, &writer_b_}) {
            try {
                expected.add(writer->stop());
            } catch (const std::exception& error) {
                outcome_.broken.push_back(error.what());
            }
        }
        static_cast<void>(writer_of_control_.stop());
        const std::vector<Node*> nodes = {&a_, &b_};
        for (Node* const node : nodes)
            if (!node->process().running()) return;
        check_rows(nodes, expected, settle_, outcome_.broken);
        const bool writes = right_ >= Right::kWrite;
        check_origins(nodes, peer_.ids(), writes ? kMaxOriginsOfKey : 0, outcome_.broken);
        check_members(nodes, kMaxStrangers, settle_, outcome_.broken);
        check_unlisted(nodes);
        retire_hostile_origins();
        check_collection(nodes, settle_, outcome_.broken);
        check_stores(nodes, directory_, peer_.ids(), outcome_.broken);
        for (Node* const node : nodes)
            if (!node->process().running())
                outcome_.broken.push_back(node->name() + ": the daemon has ended");
    }

    /// Connections of all kinds are there when the key goes off the list.
    void check_unlisted(const std::vector<Node*>& nodes) {
        std::vector<std::unique_ptr<Link>> links;
        for (const Target& target : peer_.targets()) {
            for (int i = 0; i < 30; ++i) {
                links.push_back(peer_.dial(target, false));
                const ReplicaId self = peer_.self();
                if (i % 3 == 0) continue;
                links.back()->Channel::send(wire::Hello{wire::kProtocolVersion, self, false});
                if (i % 3 == 1) links.back()->send(std::string_view("no message at all"));
            }
        }
        sleep_for_ms(1'000);
        a_.allow({b_.key()});
        b_.allow({a_.key()});
        for (Node* const node : nodes) node->reload();
        for (Node* const node : nodes) {
            const std::uint16_t port = port_of(node->address());
            std::size_t left = 0;
            if (!eventually(settle_, [&] {
                    left = connections_with(port);
                    if (left != 0) sleep_for_ms(100);
                    return left == 0;
                }))
                outcome_.broken.push_back(node->name() + ": " + std::to_string(left) +
                                          " connections of a key that is no longer listed");
        }
        const auto dialled = [&] { return connections_with(port_of(peer_.server().address())); };
        if (!eventually(settle_, [&] {
                sleep_for_ms(100);
                return dialled() == 0;
            }))
            outcome_.broken.push_back("the nodes still hold " + std::to_string(dialled()) +
                                      " connections to a server that is no longer listed");
    }

    /// Removals wait for whoever has written, until the operator says that it is gone.
    void retire_hostile_origins() {
        std::set<ReplicaId> writers;
        for (Node* const node : {&a_, &b_})
            for (const std::string bucket : {kPlain, kSigned})
                for (const auto& [origin, counter] : node->target().version(bucket))
                    if (peer_.ids().contains(origin)) writers.insert(origin);
        for (const ReplicaId& id : writers)
            members::put(a_.store(), id, members::Standing::kRetired).value();
    }

    const std::filesystem::path directory_;
    const Right right_;
    Peer peer_;
    sim::Random random_;
    Node a_;
    Node b_;
    Node control_;
    Writer writer_a_;
    Writer writer_b_;
    Writer writer_of_control_;
    seconds settle_{0};
    Outcome outcome_;
};

}  // namespace

Outcome run_round(const std::filesystem::path& directory, Right right,
                  const std::vector<Attack>& attacks, seconds how_long, std::uint64_t seed,
                  const Bounds& bounds) {
    return Round(directory, right, seed).run(attacks, how_long, bounds);
}

}  // namespace kigumi::hostile
