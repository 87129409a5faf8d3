#include <CLI/CLI.hpp>
#include <cstdio>

#include "chaos/run.hpp"
#include "support/temp_directory.hpp"

/// Real daemons on hosts of a network of their own: killed, stopped, restarted and cut off from
/// each other at random, under the load of clients.
int main(int argc, char** argv) {
    using namespace kigumi;
    std::uint64_t seed = 1;
    unsigned seconds_of_faults = 60;
    CLI::App app("chaos: five daemons under faults and load; nothing acknowledged may be lost");
    app.add_option("--seconds", seconds_of_faults, "how long")->capture_default_str();
    app.add_option("--seed", seed, "of what happens when")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    const bool namespaces = chaos::Network::allowed();
    std::printf(
        "chaos: seed %llu, %u s%s\n", static_cast<unsigned long long>(seed), seconds_of_faults,
        namespaces ? "" : "; without network namespaces (they take root): nobody is cut off");
    std::fflush(stdout);
    TempDirectory scratch;
    try {
        chaos::Run run(scratch.path(), seed, namespaces);
        run.go(std::chrono::seconds(seconds_of_faults));
        for (const auto& [what, times] : run.tally())
            std::printf("%-30s %llu\n", what.c_str(), static_cast<unsigned long long>(times));
    } catch (const std::exception& violation) {
        scratch.keep();
        std::printf("chaos: FAILED with seed %llu: %s\nkept: %s\n",
                    static_cast<unsigned long long>(seed), violation.what(),
                    scratch.path().c_str());
        return 1;
    }
    std::puts("chaos: ok");
    return 0;
}
