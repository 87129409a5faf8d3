#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "hostile/round.hpp"
#include "support/temp_directory.hpp"

namespace {

using namespace kigumi;
using namespace kigumi::hostile;

struct Arguments {
    unsigned seconds = 60;
    std::uint64_t seed = 1;
    std::vector<std::string> only;
    std::vector<std::string> rights;
    bool list = false;
    bool each = false;
    bool keep = false;
    Bounds bounds;
};

std::vector<Attack> chosen(const Arguments& arguments, Right right) {
    std::vector<Attack> attacks = all_attacks();
    std::erase_if(attacks, [&](const Attack& attack) {
        const auto& only = arguments.only;
        return attack.needs > right ||
               (!only.empty() && std::find(only.begin(), only.end(), attack.name) == only.end());
    });
    return attacks;
}

/// Runs a round and tells of it. Returns what broke.
std::size_t tell_round(const Arguments& arguments, Right right, const std::vector<Attack>& attacks,
                       const std::string& what, std::uint64_t& done) {
    TempDirectory scratch;
    std::printf("%-6s %s\n", std::string(name_of(right)).c_str(), what.c_str());
    std::fflush(stdout);
    Outcome outcome;
    try {
        outcome = run_round(scratch.path(), right, attacks, std::chrono::seconds(arguments.seconds),
                            arguments.seed, arguments.bounds);
    } catch (const std::exception& error) {
        outcome.broken.push_back(error.what());
    }
    done += outcome.attacks;
    for (const std::string& line : outcome.worst) std::printf("         %s\n", line.c_str());
    for (const std::string& line : outcome.broken) std::printf("  BROKEN %s\n", line.c_str());
    if (!outcome.broken.empty() && arguments.keep) {
        scratch.keep();
        std::printf("  kept: %s\n", scratch.path().c_str());
    }
    std::fflush(stdout);
    return outcome.broken.size();
}

}  // namespace

/// A peer with one listed key and few rights, against two honest nodes under load.
int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app("hostile: what one listed key can do to a cluster, and must not");
    app.add_option("--seconds", arguments.seconds, "how long, for each right")
        ->capture_default_str();
    app.add_option("--seed", arguments.seed, "of what happens when")->capture_default_str();
    app.add_option("--only", arguments.only, "only these attacks");
    app.add_option("--right", arguments.rights, "only with these rights");
    app.add_flag("--list", arguments.list, "name the attacks and the rights that they need");
    app.add_flag("--each", arguments.each, "each attack alone, against new nodes, for so long");
    app.add_flag("--keep", arguments.keep,
                 "keep the directories of rounds in which something broke");
    app.add_option("--loop-ms", arguments.bounds.loop_ms,
                   "how much longer than beside no attack a turn of a loop may take")
        ->capture_default_str();
    app.add_option_function<unsigned>(
        "--settle",
        [&arguments](unsigned seconds) { arguments.bounds.settle = std::chrono::seconds(seconds); },
        "seconds that the nodes have afterwards to converge, to collect and to hang up, each [60]");
    app.add_option("--visible-ms", arguments.bounds.visible_ms,
                   "how late a write may be visible at the other node")
        ->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    if (arguments.list) {
        for (const Attack& attack : all_attacks())
            std::printf("%-28s %s\n", attack.name, std::string(name_of(attack.needs)).c_str());
        return 0;
    }
    std::printf("hostile: seed %llu, %u s for each right\n",
                static_cast<unsigned long long>(arguments.seed), arguments.seconds);
    std::uint64_t done = 0;
    std::size_t broken = 0;
    for (const Right right : kAllRights) {
        const auto& rights = arguments.rights;
        if (!rights.empty() &&
            std::find(rights.begin(), rights.end(), name_of(right)) == rights.end())
            continue;
        const std::vector<Attack> attacks = chosen(arguments, right);
        if (attacks.empty()) continue;
        if (!arguments.each) {
            broken += tell_round(arguments, right, attacks,
                                 std::to_string(attacks.size()) + " attacks in turn", done);
            continue;
        }
        // What needs less was there before.
        for (const Attack& attack : attacks)
            if (attack.needs == right || !rights.empty())
                broken += tell_round(arguments, right, {attack}, attack.name, done);
    }
    if (broken != 0 || done == 0) {
        std::printf("hostile: FAILED with seed %llu: %zu things broke in %llu attacks\n",
                    static_cast<unsigned long long>(arguments.seed), broken,
                    static_cast<unsigned long long>(done));
        return 1;
    }
    std::printf("hostile: %llu attacks, ok\n", static_cast<unsigned long long>(done));
    return 0;
}
