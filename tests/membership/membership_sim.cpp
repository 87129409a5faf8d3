#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "membership/trials.hpp"

/// The failure detector in numbers: how fast it finds the dead, and how often it takes the living
/// for dead while others are stalled. Virtual time: the same numbers everywhere.
namespace {

using namespace kigumi::sim;

void show_detection(std::size_t nodes, unsigned loss, std::uint64_t trials) {
    const auto times = detection_times(nodes, loss, trials);
    const auto at = [&](double share) {
        return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
    };
    std::printf(
        "detection, %3zu nodes, %2u %% loss: median %llu ms, p99 %llu ms, longest %llu ms\n", nodes,
        loss, static_cast<unsigned long long>(at(0.5)), static_cast<unsigned long long>(at(0.99)),
        static_cast<unsigned long long>(times.back()));
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t trials = 200;
    std::uint64_t seeds = 1;
    std::size_t nodes = 128;
    CLI::App app("membership_sim: the failure detector in virtual time");
    app.add_option("--trials", trials, "kills for each size of cluster");
    app.add_option("--seeds", seeds, "seeds for each setting of stalls");
    app.add_option("--nodes", nodes, "nodes in the settings of stalls");
    CLI11_PARSE(app, argc, argv);

    for (const std::size_t size : {2U, 3U, 5U, 25U}) show_detection(size, 0, trials);
    show_detection(3, 5, trials);
    std::printf("\nliving nodes held for down (by nodes that are not stalled), %zu nodes, 120 s\n",
                nodes);
    std::printf("%-8s %8s %8s %8s %18s %18s %6s\n", "stall", "stalled", "for ms", "runs ms",
                "plain SWIM", "with Lifeguard", "ratio");
    for (const Stall kind : {Stall::kDeaf, Stall::kFrozen}) {
        FalsePositives plain_sum;
        FalsePositives guarded_sum;
        for (const StallSetting& setting : stall_settings(nodes, kind)) {
            FalsePositives plain;
            FalsePositives guarded;
            for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
                plain += false_positives(setting, seed, false);
                guarded += false_positives(setting, seed, true);
            }
            plain_sum += plain;
            guarded_sum += guarded;
            std::printf("%-8s %8zu %8llu %8llu %9llu (%6llu) %9llu (%6llu)\n",
                        kind == Stall::kDeaf ? "deaf" : "frozen", setting.stalled,
                        static_cast<unsigned long long>(setting.stall_ms),
                        static_cast<unsigned long long>(setting.run_ms),
                        static_cast<unsigned long long>(plain.anywhere),
                        static_cast<unsigned long long>(plain.at_healthy),
                        static_cast<unsigned long long>(guarded.anywhere),
                        static_cast<unsigned long long>(guarded.at_healthy));
            std::fflush(stdout);
        }
        const auto ratio = [](std::uint64_t a, std::uint64_t b) {
            return static_cast<double>(a) / static_cast<double>(std::max<std::uint64_t>(b, 1));
        };
        std::printf("%-8s all: %llu (%llu) against %llu (%llu): %.0f (%.0f) times fewer\n",
                    kind == Stall::kDeaf ? "deaf" : "frozen",
                    static_cast<unsigned long long>(plain_sum.anywhere),
                    static_cast<unsigned long long>(plain_sum.at_healthy),
                    static_cast<unsigned long long>(guarded_sum.anywhere),
                    static_cast<unsigned long long>(guarded_sum.at_healthy),
                    ratio(plain_sum.anywhere, guarded_sum.anywhere),
                    ratio(plain_sum.at_healthy, guarded_sum.at_healthy));
    }
    return 0;
}
