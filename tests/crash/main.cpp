#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "crash/run.hpp"
#include "support/temp_directory.hpp"

namespace {

using namespace kigumi;

/// Then everything begins anew, so that the stores, all of which is read after every kill, stay
/// small.
constexpr unsigned kKillsOfARun = 40;
constexpr unsigned kKillsThatMeetEverything = 500;

/// Prints how often everything happened; returns whether something never did.
bool report(const crash::Tally& tally) {
    std::vector<std::string> expected(std::begin(crash::kMustHappen), std::end(crash::kMustHappen));
    for (const crash::Fault& fault : crash::kWriterFaults)
        expected.push_back(crash::kWriter + fault.name());
    for (const crash::Fault& fault : crash::kDaemonFaults)
        expected.push_back(crash::kDaemon + fault.name());
    for (const auto& [kind, times] : tally) std::printf("%-34s %u\n", kind.c_str(), times);
    bool missing = false;
    for (const std::string& kind : expected) {
        if (tally.contains(kind)) continue;
        std::printf("never happened: %s\n", kind.c_str());
        missing = true;
    }
    return missing;
}

int run_all(unsigned kills, std::uint64_t seed) {
    std::printf("crash: seed %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    const auto begun = std::chrono::steady_clock::now();
    sim::Random random(seed);
    crash::Tally tally;
    TempDirectory scratch;
    unsigned done = 0;
    std::uint64_t acknowledged = 0;
    try {
        for (unsigned n = 0; done < kills; ++n) {
            const auto directory = scratch.path() / std::to_string(n);
            {
                crash::Run run(directory, random, tally);
                const unsigned end = std::min(kills, done + kKillsOfARun);
                while (done < end) done += run.stretch();
                acknowledged += run.acknowledged();
            }
            std::filesystem::remove_all(directory);
        }
    } catch (const std::exception& violation) {
        scratch.keep();
        std::printf(
            "crash: violation, after %u kills or more: %s\n"
            "  the stores, and what all processes said, are in %s\n"
            "  rerun: crash --kills %u --seed %llu (moments differ from run to run)\n",
            done, violation.what(), scratch.path().c_str(), kills,
            static_cast<unsigned long long>(seed));
        return 1;
    }
    const bool missing = report(tally);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    std::printf("crash: %u kills, %llu acknowledged writes, 0 lost, %.0f s\n", done,
                static_cast<unsigned long long>(acknowledged), took.count());
    return missing && kills >= kKillsThatMeetEverything ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    unsigned kills = 1000;
    std::uint64_t seed = std::random_device{}();
    CLI::App app("crash: kills real processes at any moment and checks that nothing is lost");
    app.add_option("--kills", kills, "how many")->capture_default_str();
    app.add_option("--seed", seed, "chooses what is killed; another one for each run if not given");
    CLI11_PARSE(app, argc, argv);
    return run_all(kills, seed);
}
