#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "kigumi/daemon/neighbours.hpp"
#include "network.hpp"

/// What dissemination costs from three masters to a thousand, whose links are those of
/// `Neighbours`: messages and bytes for each write, time until a write is visible, and repair after
/// loss and after a fifth of the nodes died. In virtual time; the same numbers everywhere.
namespace {

using namespace kigumi;

/// How long until a node knows of failures, and of returns: what the failure detector takes.
constexpr std::uint64_t kNoticeMinMs = 2'000;
constexpr std::uint64_t kNoticeMaxMs = 4'000;
constexpr unsigned kCollectingNodes = 300;

struct Settings {
    unsigned nodes = 100;
    unsigned writers = 50;  ///< nodes that write
    std::uint64_t writes_per_second = 20;
    std::uint64_t seconds = 10;
    std::uint64_t seed = 1;
    unsigned loss_percent = 5;
    unsigned killed_percent = 20;
    bool verbose = false;
};

struct Cost {
    std::uint64_t writes = 0;
    double messages = 0;  ///< for each write
    double bytes = 0;     ///< for each write and node
    std::uint64_t median_ms = 0;
    std::uint64_t longest_ms = 0;
    std::uint64_t repaired_ms = 0;  ///< from the last write until all hold the same
};

/// Nodes, what each believes of the others, and the links that follow from it.
class Scale {
  public:
    explicit Scale(const Settings& settings)
        : settings_(settings), network_(network_options(settings)) {
        for (unsigned i = 0; i < network_.size(); ++i) {
            all_.push_back({network_.replica(i), false});
            index_[network_.replica(i)] = i;
        }
        notice_at_ms_.assign(network_.size(), 0);
        for (unsigned i = 0; i < network_.size(); ++i)
            views_.emplace_back(all_[i], NeighbourOptions());
        for (unsigned i = 0; i < network_.size(); ++i) notice(i);
    }

    /// Lets everybody meet; false if that takes longer than a minute.
    bool settle(std::uint64_t limit_ms = 60'000) {
        const std::uint64_t until = network_.now_ms() + limit_ms;
        do {
            for (int i = 0; i < 100; ++i) step();
        } while (!network_.converged() && network_.now_ms() < until);
        return network_.converged();
    }
    void idle(std::uint64_t ms) {
        for (std::uint64_t i = 0; i < ms; ++i) step();
    }

    Cost write_for(std::uint64_t seconds) {
        const std::uint64_t writes_before = network_.followed();
        const sim::Traffic before = network_.traffic();
        network_.delays().clear();
        const std::uint64_t until = network_.now_ms() + seconds * 1'000;
        while (network_.now_ms() < until) {
            for (std::uint64_t i = 0; i < 10; ++i)
                if (network_.random().below(10'000) < settings_.writes_per_second) write();
            step();
        }
        const std::uint64_t last_ms = network_.now_ms();
        const sim::Traffic spent = network_.traffic().since(before);
        if (!settle()) failed_ = "not all hold the same after a minute";
        Cost cost;
        cost.repaired_ms = network_.now_ms() - last_ms;
        cost.writes = network_.followed() - writes_before;
        const auto writes = static_cast<double>(cost.writes);
        cost.messages = static_cast<double>(spent.messages) / writes;
        cost.bytes = static_cast<double>(spent.bytes) / writes / network_.size();
        auto& delays = network_.delays();
        std::sort(delays.begin(), delays.end());
        cost.median_ms = delays[delays.size() / 2];
        cost.longest_ms = delays.back();
        if (settings_.verbose) show(spent);
        return cost;
    }

    void lose(unsigned percent) {
        network_.lost = [this, percent](unsigned, unsigned) {
            return network_.random().chance(percent);
        };
    }
    void kill_some(unsigned percent) {
        for (unsigned left = network_.size() * percent / 100; left > 0;) {
            const auto node = static_cast<unsigned>(network_.random().below(network_.size()));
            if (!network_.running(node)) continue;
            network_.kill(node);
            --left;
        }
        everybody_notices();
    }
    void revive_all() {
        for (unsigned i = 0; i < network_.size(); ++i) {
            if (network_.running(i)) continue;
            network_.revive(i);
            notice_at_ms_[i] = network_.now_ms() + 1;
        }
        everybody_notices();
    }

    sim::Network& network() { return network_; }
    const char* failed() const { return failed_; }
    void show(const sim::Traffic& spent) const {
        for (std::size_t kind = 0; kind < sim::Traffic::kKinds; ++kind)
            if (spent.messages_by_kind[kind] > 0)
                std::printf("    kind %2zu: %9llu messages, %7.0f bytes each\n", kind,
                            static_cast<unsigned long long>(spent.messages_by_kind[kind]),
                            static_cast<double>(spent.bytes_by_kind[kind]) /
                                static_cast<double>(spent.messages_by_kind[kind]));
    }
    double links_per_node() const {
        std::size_t ends = 0;
        for (unsigned i = 0; i < network_.size(); ++i)
            for (unsigned j = 0; j < network_.size(); ++j)
                ends += i != j && network_.connected(i, j) ? 1 : 0;
        return static_cast<double>(ends) / network_.size();
    }

  private:
    static sim::Network::Options network_options(const Settings& settings) {
        sim::Network::Options options;
        options.nodes = settings.nodes;
        options.seed = settings.seed;
        options.hop_ms = 20;
        options.hop_jitter_ms = 5;
        // What everybody knows of everybody, for collection, takes the cube of the nodes in one
        // process.
        if (settings.nodes > kCollectingNodes)
            options.tune = [](unsigned, ReplicatorOptions& tuned) {
                tuned.collect_ms = 86'400'000;
            };
        return options;
    }

    void write() {
        const auto node = static_cast<unsigned>(
            network_.random().below(std::min(settings_.writers, network_.size())));
        if (network_.running(node)) network_.write(node, true);
    }

    void step() {
        network_.step();
        for (unsigned i = 0; i < network_.size(); ++i) {
            if (!network_.running(i)) continue;
            if (notice_at_ms_[i] != 0 && notice_at_ms_[i] <= network_.now_ms()) notice(i);
            if (views_[i].next_wakeup() <= network_.now_ms()) {
                views_[i].tick(network_.now_ms());
                relink(i);
            }
        }
    }

    void everybody_notices() {
        for (std::uint64_t& at_ms : notice_at_ms_)
            if (at_ms == 0)
                at_ms = network_.now_ms() + network_.random().between(kNoticeMinMs, kNoticeMaxMs);
    }

    void notice(unsigned node) {
        notice_at_ms_[node] = 0;
        std::vector<Candidate> alive;
        for (unsigned i = 0; i < network_.size(); ++i)
            if (network_.running(i)) alive.push_back(all_[i]);
        views_[node].update(alive, network_.now_ms());
        relink(node);
    }

    void relink(unsigned node) {
        const std::set<ReplicaId> wanted = views_[node].wanted();
        for (const ReplicaId& replica : wanted) {
            const unsigned other = index_.at(replica);
            if (network_.running(other) && !network_.connected(node, other))
                network_.connect(node, other);
        }
        for (unsigned other = 0; other < network_.size(); ++other) {
            if (!network_.connected(node, other) || wanted.contains(network_.replica(other)))
                continue;
            if (!network_.running(other) ||
                !views_[other].wanted().contains(network_.replica(node)))
                network_.disconnect(node, other);
        }
    }

    const Settings settings_;
    sim::Network network_;
    std::vector<Candidate> all_;
    std::map<ReplicaId, unsigned> index_;
    std::vector<Neighbours> views_;
    std::vector<std::uint64_t> notice_at_ms_;
    const char* failed_ = nullptr;
};

void print(const char* name, const Cost& cost) {
    std::printf("  %-22s %6llu %10.1f %10.0f %8llu %8llu %8llu\n", name,
                static_cast<unsigned long long>(cost.writes), cost.messages, cost.bytes,
                static_cast<unsigned long long>(cost.median_ms),
                static_cast<unsigned long long>(cost.longest_ms),
                static_cast<unsigned long long>(cost.repaired_ms));
    std::fflush(stdout);
}

bool run(const Settings& settings) {
    Scale scale(settings);
    scale.idle(10'000);
    std::printf("%u nodes, %.1f links each\n", settings.nodes, scale.links_per_node());
    const sim::Traffic before = scale.network().traffic();
    scale.idle(10'000);
    const sim::Traffic idle = scale.network().traffic().since(before);
    std::printf("  idle: %.1f messages, %.0f bytes a second and node\n",
                static_cast<double>(idle.messages) / 10 / settings.nodes,
                static_cast<double>(idle.bytes) / 10 / settings.nodes);
    if (settings.verbose) scale.show(idle);

    print("first writes", scale.write_for(settings.seconds));
    print("calm", scale.write_for(settings.seconds));
    scale.lose(settings.loss_percent);
    print("with loss", scale.write_for(settings.seconds));
    scale.network().lost = nullptr;
    scale.idle(5'000);
    scale.kill_some(settings.killed_percent);
    print("a fifth killed", scale.write_for(settings.seconds));
    scale.revive_all();
    print("they return", scale.write_for(settings.seconds));

    const std::uint64_t misplaced = scale.network().out_of_order() + scale.network().sent_back();
    std::printf("  out of order: %llu, sent back: %llu\n",
                static_cast<unsigned long long>(scale.network().out_of_order()),
                static_cast<unsigned long long>(scale.network().sent_back()));
    if (scale.failed() != nullptr) std::printf("  FAILED: %s\n", scale.failed());
    return scale.failed() == nullptr && misplaced == 0;
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    std::vector<unsigned> nodes{3, 25, 100};
    CLI::App app("scale: what dissemination costs, in virtual time");
    app.add_option("--nodes", nodes, "sizes of clusters")->delimiter(',');
    app.add_option("--writers", settings.writers, "nodes that write");
    app.add_option("--rate", settings.writes_per_second, "writes a second, in all");
    app.add_option("--seconds", settings.seconds, "of writing, in each condition");
    app.add_option("--seed", settings.seed, "of the random choices");
    app.add_flag("--verbose", settings.verbose, "count by kinds of messages");
    CLI11_PARSE(app, argc, argv);
    std::printf("  %-22s %6s %10s %10s %8s %8s %8s\n", "", "writes", "msgs/op", "B/op/node",
                "median", "longest", "repaired");
    bool good = true;
    for (const unsigned count : nodes) {
        settings.nodes = count;
        const auto begun = std::chrono::steady_clock::now();
        good = run(settings) && good;
        std::printf(
            "  took %.0f s\n",
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    }
    std::printf("scale: %s\n", good ? "all converge, in causal order" : "FAILED");
    return good ? 0 : 1;
}
