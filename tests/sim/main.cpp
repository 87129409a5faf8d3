#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "simulation.hpp"

namespace {

using kigumi::sim::Counters;
using kigumi::sim::Options;
using kigumi::sim::Outcome;

const std::map<std::string, unsigned Options::*> kFaults = {
    {"loss", &Options::loss},
    {"duplication", &Options::duplication},
    {"delay", &Options::long_delay},
    {"replay", &Options::replay},
    {"partition", &Options::partition},
    {"crash", &Options::crash},
    {"reorder", &Options::reorder},
    {"pause", &Options::pause},
    {"failed-commit", &Options::failed_commit},
    {"rollback", &Options::rollback},
    {"in-place", &Options::in_place},
    {"clock", &Options::clock_jump},
    {"drift", &Options::drift},
    {"full-disk", &Options::full_disk},
    {"clone", &Options::clone},
    {"retire", &Options::retire},
    {"strangers", &Options::strangers},
    {"joiners", &Options::joiners},
    {"forgery", &Options::forgery},
    {"tampering", &Options::tampering}};

std::vector<std::string> fault_names() {
    std::vector<std::string> names;
    for (const auto& [name, fault] : kFaults) names.push_back(name);
    return names;
}

/// Makes a failing run smaller as long as it still fails.
Options shrink(Options options) {
    const auto try_with = [&options](auto change) {
        Options smaller = options;
        change(smaller);
        if (kigumi::sim::simulate(smaller).violation.empty()) return false;
        options = smaller;
        return true;
    };
    for (bool progress = true; progress;) {
        progress = false;
        if (options.steps > 8) progress |= try_with([](Options& o) { o.steps = o.steps * 3 / 4; });
        if (options.replicas > 2) progress |= try_with([](Options& o) { --o.replicas; });
        for (const auto& [name, fault] : kFaults)
            if (options.*fault != 0)
                progress |= try_with([fault = fault](Options& o) { o.*fault = 0; });
    }
    return options;
}

void report(const Options& failing) {
    const Options small = shrink(failing);
    const Outcome outcome = kigumi::sim::simulate(small);
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(small.seed),
                outcome.violation.c_str());
    std::printf("  rerun: sim --seed %llu --replicas %u --steps %u --trace",
                static_cast<unsigned long long>(small.seed), small.replicas, small.steps);
    for (const auto& [name, fault] : kFaults)
        if (small.*fault != failing.*fault) std::printf(" --without %s", name.c_str());
    std::printf("\n");
}

/// What a set of runs has to have met for its silence to mean something.
constexpr const char* kMustHappen[] = {"messages lost",
                                       "messages duplicated",
                                       "messages cut off",
                                       "partitions",
                                       "one-way partitions",
                                       "session tokens honoured",
                                       "crashes",
                                       "pauses",
                                       "failed commits",
                                       "rollbacks",
                                       "clones",
                                       "went back in place",
                                       "forks to be noticed",
                                       "identity.renewed",
                                       "sent heads",
                                       "full disks",
                                       "members retired",
                                       "late starts",
                                       "audit.done",
                                       "audit.difference",
                                       "audit.mended",
                                       "planted: row dropped",
                                       "planted: write dropped",
                                       "planted: record damaged",
                                       "planted: log entry lost",
                                       "proofs checked",
                                       "messages forged",
                                       "write.refused",
                                       "rows collected",
                                       "backups of changes",
                                       "backups in full",
                                       "requests repeated",
                                       "requests repeated elsewhere",
                                       "requests executed twice",
                                       "requests.forgotten",
                                       "pull.resume",
                                       "pull.done.full",
                                       "pull.over",
                                       "pull.over.full",
                                       "fold.done",
                                       "states checked while folding",
                                       "sent prune",
                                       "sent hearsay",
                                       "siblings seen",
                                       "sent digest change",
                                       "sent push change",
                                       "sent say whole",
                                       "sent hearsay change",
                                       "sent push",
                                       "sent pull",
                                       "sent chunk",
                                       "sent cancel",
                                       "pull.broken",
                                       "pull.done",
                                       "messages kept for replay"};

int run_many(std::uint64_t first, std::uint64_t last) {
    const auto begun = std::chrono::steady_clock::now();
    Counters totals;
    std::uint64_t failed = 0;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const Options options = kigumi::sim::options_for(seed);
        const Outcome outcome = kigumi::sim::simulate(options);
        for (const auto& [what, times] : outcome.counters) totals[what] += times;
        if (outcome.violation.empty()) continue;
        report(options);
        if (++failed == 5) break;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    for (const auto& [what, times] : totals)
        std::printf("%-26s %llu\n", what.c_str(), static_cast<unsigned long long>(times));
    const std::uint64_t seeds = last - first + 1;
    if (seeds >= 500)
        for (const char* what : kMustHappen)
            if (totals[what] == 0) std::printf("never happened: %s\n", what), ++failed;
    std::printf("sim: %llu seeds, %.1f seeds/s, %llu violations\n",
                static_cast<unsigned long long>(seeds), static_cast<double>(seeds) / took.count(),
                static_cast<unsigned long long>(failed));
    return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    std::optional<std::uint64_t> seed;
    std::string seeds;
    std::optional<unsigned> replicas;
    std::optional<unsigned> steps;
    bool trace = false;
    CLI::App app("sim: runs clusters in virtual time and checks every promise");
    app.add_option("--seed", seed, "run one seed");
    app.add_option("--seeds", seeds, "run many, A..B");
    app.add_option("--replicas", replicas, "instead of what the seed says");
    app.add_option("--steps", steps, "instead of what the seed says");
    app.add_flag("--trace", trace, "print every action and message of a single seed");
    std::vector<std::string> without;
    app.add_option("--without", without, "a fault to leave out; may be repeated")
        ->check(CLI::IsMember(fault_names()))
        ->allow_extra_args(false);
    CLI11_PARSE(app, argc, argv);

    if (!seed) {
        unsigned long long first = 1;
        unsigned long long last = 100;
        if (!seeds.empty() && std::sscanf(seeds.c_str(), "%llu..%llu", &first, &last) != 2) {
            std::fprintf(stderr, "sim: --seeds takes A..B, for example 1..1000\n");
            return 2;
        }
        return run_many(first, last);
    }
    Options options = kigumi::sim::options_for(*seed);
    options.trace = trace;
    if (replicas) options.replicas = *replicas;
    if (steps) options.steps = *steps;
    for (const std::string& fault : without) options.*kFaults.at(fault) = 0;
    const Outcome outcome = kigumi::sim::simulate(options);
    for (const auto& [what, times] : outcome.counters)
        std::printf("%-26s %llu\n", what.c_str(), static_cast<unsigned long long>(times));
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(*seed),
                outcome.violation.empty() ? "all promises held" : outcome.violation.c_str());
    return outcome.violation.empty() ? 0 : 1;
}
