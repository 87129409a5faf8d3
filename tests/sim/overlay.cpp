#include <CLI/CLI.hpp>
#include <cstdio>

#include "hyparview.hpp"
#include "kigumi/daemon/neighbours.hpp"
#include "overlay_graph.hpp"

/// Whom to hold links to in a large cluster: the rings of `choose_neighbours`, which need to know
/// who is alive, against HyParView, which does not. Both hold six links. A share of all nodes dies
/// at once; then everybody notices.
namespace {

using namespace kigumi;
using sim::Graph;
using sim::HyParView;
using sim::Random;

/// Shuffles before anything dies: what HyParView's authors gave it.
constexpr unsigned kWarmUpRounds = 50;
constexpr unsigned kMaxRounds = 100;

std::vector<bool> choose_dead(Random& random, std::size_t nodes, unsigned percent) {
    std::vector<bool> dead(nodes, false);
    for (std::size_t left = nodes * percent / 100; left > 0;) {
        const std::size_t node = random.below(nodes);
        if (dead[node]) continue;
        dead[node] = true;
        --left;
    }
    return dead;
}

struct Outcome {
    double at_once = 0;      ///< share of the survivors in one piece before anybody notices
    double after_round = 0;  ///< after everybody has noticed once
    unsigned rounds = 0;     ///< until they are one piece; 0: not within kMaxRounds
    std::size_t degree_min = 0;
    std::size_t degree_max = 0;
    std::size_t hops = 0;
    std::uint64_t messages = 0;  ///< for the repair
};

std::size_t count_present(const Graph& graph, std::size_t nodes) {
    std::size_t present = 0;
    for (std::size_t i = 0; i < nodes; ++i) present += graph.present(i) ? 1 : 0;
    return present;
}

double share(const Graph& graph, std::size_t nodes) {
    return static_cast<double>(graph.largest_component()) /
           static_cast<double>(count_present(graph, nodes));
}

void describe(const Graph& graph, std::size_t nodes, Outcome& outcome) {
    outcome.degree_min = nodes;
    for (std::size_t i = 0; i < nodes; ++i) {
        if (!graph.present(i)) continue;
        outcome.degree_min = std::min(outcome.degree_min, graph.degree(i));
        outcome.degree_max = std::max(outcome.degree_max, graph.degree(i));
        if (i % 50 == 0) outcome.hops = std::max(outcome.hops, graph.hops_from(i));
    }
}

/// Nodes that choose from what each believes to be alive.
class Rings {
  public:
    Rings(Random& random, std::size_t nodes) : random_(random) {
        for (std::size_t i = 0; i < nodes; ++i) {
            all_.push_back({sim::random_replica(random), false});
            index_[all_.back().replica] = i;
        }
    }

    /// `astray`: how many percent of the living a node does not know of, and of the dead it still
    /// believes in, each node others.
    Graph graph(const std::vector<bool>& believed_dead, unsigned astray = 0) const {
        Graph graph(all_.size());
        for (std::size_t i = 0; i < all_.size(); ++i) {
            if (believed_dead[i]) {
                graph.remove(i);
                continue;
            }
            std::vector<Candidate> alive;
            for (std::size_t j = 0; j < all_.size(); ++j)
                if (believed_dead[j] == (astray > 0 && random_.chance(astray)))
                    alive.push_back(all_[j]);
            for (const ReplicaId& other : choose_neighbours(all_[i], alive, {}))
                graph.add(i, index_.at(other));
        }
        return graph;
    }

    Outcome run(const std::vector<bool>& dead) const {
        const std::size_t nodes = all_.size();
        Outcome outcome;
        Graph before = graph(std::vector<bool>(nodes, false));
        for (std::size_t i = 0; i < nodes; ++i)
            if (dead[i]) before.remove(i);
        outcome.at_once = share(before, nodes);
        const Graph after = graph(dead);
        outcome.after_round = share(after, nodes);
        outcome.rounds = outcome.after_round == 1 ? 1 : 0;
        describe(after, nodes, outcome);
        return outcome;
    }

  private:
    Random& random_;
    std::vector<Candidate> all_;
    std::map<ReplicaId, std::size_t> index_;
};

Outcome run_hyparview(std::uint64_t seed, const std::vector<bool>& dead) {
    HyParView views(seed);
    for (std::size_t i = 0; i < dead.size(); ++i) views.join();
    for (unsigned i = 0; i < kWarmUpRounds; ++i) views.round(true);
    for (std::size_t i = 0; i < dead.size(); ++i)
        if (dead[i]) views.kill(i);
    Outcome outcome;
    outcome.at_once = share(views.graph(), dead.size());
    const std::uint64_t before = views.messages();
    for (unsigned round = 1; round <= kMaxRounds && outcome.rounds == 0; ++round) {
        views.round(round % 10 == 0);
        const double now = share(views.graph(), dead.size());
        if (round == 1) outcome.after_round = now;
        if (now == 1) outcome.rounds = round;
    }
    outcome.messages = views.messages() - before;
    describe(views.graph(), dead.size(), outcome);
    return outcome;
}

void print(const char* name, unsigned percent, const Outcome& outcome) {
    const std::string rounds = outcome.rounds == 0 ? "never" : std::to_string(outcome.rounds);
    std::printf("%-10s %5u %% %10.2f %% %10.2f %% %7s %6zu..%-3zu %5zu %9llu\n", name, percent,
                100 * outcome.at_once, 100 * outcome.after_round, rounds.c_str(),
                outcome.degree_min, outcome.degree_max, outcome.hops,
                static_cast<unsigned long long>(outcome.messages));
}

/// The worst over the seeds.
void take_worse(Outcome& worst, const Outcome& other, bool first) {
    if (first) {
        worst = other;
        return;
    }
    worst.at_once = std::min(worst.at_once, other.at_once);
    worst.after_round = std::min(worst.after_round, other.after_round);
    worst.rounds =
        worst.rounds == 0 || other.rounds == 0 ? 0 : std::max(worst.rounds, other.rounds);
    worst.degree_min = std::min(worst.degree_min, other.degree_min);
    worst.degree_max = std::max(worst.degree_max, other.degree_max);
    worst.hops = std::max(worst.hops, other.hops);
    worst.messages = std::max(worst.messages, other.messages);
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t nodes = 1'000;
    std::uint64_t seeds = 3;
    CLI::App app("overlay: what is left of a large cluster's links when many nodes die at once");
    app.add_option("--nodes", nodes, "masters");
    app.add_option("--seeds", seeds, "runs of each kind, of which the worst is shown");
    CLI11_PARSE(app, argc, argv);

    std::printf("%zu nodes; connected: survivors in the largest piece\n", nodes);
    std::printf("%-10s %7s %12s %12s %7s %11s %5s %9s\n", "", "die", "unnoticed", "noticed once",
                "rounds", "links", "hops", "messages");
    bool whole = true;
    for (const unsigned percent : {0U, 10U, 30U, 50U, 70U, 80U, 90U}) {
        Outcome rings;
        Outcome views;
        for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
            Random random(seed);
            const Rings cluster(random, nodes);
            const auto dead = choose_dead(random, nodes, percent);
            take_worse(rings, cluster.run(dead), seed == 1);
            take_worse(views, run_hyparview(seed, dead), seed == 1);
        }
        print("rings", percent, rings);
        print("HyParView", percent, views);
        whole = whole && rings.rounds == 1 && rings.degree_max <= 6;
    }
    std::printf("rings, half of all dead, while lists differ:\n");
    for (const unsigned astray : {1U, 10U, 30U}) {
        double worst = 1;
        std::size_t links = 0;
        for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
            Random random(seed);
            const Rings cluster(random, nodes);
            Graph graph = cluster.graph(choose_dead(random, nodes, 50), astray);
            worst = std::min(worst, share(graph, nodes));
            for (std::size_t i = 0; i < nodes; ++i)
                if (graph.present(i)) links = std::max(links, graph.degree(i));
        }
        std::printf("  %2u %% of entries wrong: %.2f %% connected, at most %zu links\n", astray,
                    100 * worst, links);
    }
    std::printf("overlay: %s\n",
                whole ? "rings are whole as soon as failures are known" : "BROKEN");
    return whole ? 0 : 1;
}
