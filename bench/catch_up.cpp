#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "daemons.hpp"
#include "fill.hpp"

/// A new master meets one that holds a large set: how long until it holds everything, how long a
/// local writer on it has to wait meanwhile (the pull is applied in one transaction), and how much
/// memory the daemons take.
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t members = 1'000'000;
    CLI::App app("bench_catch_up: a new master pulls a large set");
    app.add_option("--members", members)->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        const kigumi::bench::Daemons daemons(2, [&](const std::filesystem::path& directory) {
            kigumi::bench::fill(*kigumi::Store::open(directory).value(), "large", members);
        });
        const auto begun = Clock::now();
        const auto full = kigumi::Store::open(daemons.directory(0)).value();
        const auto fresh = kigumi::Store::open(daemons.directory(1)).value();
        const kigumi::VersionVector all = full->read().value().version();
        double longest_s = 0;
        std::uint64_t memory = 0;
        for (int i = 0; !fresh->read().value().version().covers(all); ++i) {
            const auto asked = Clock::now();
            auto tx = fresh->write().value();
            tx.reg("local").assign(i).value();
            tx.commit().value();
            longest_s = std::max(longest_s, Seconds(Clock::now() - asked).count());
            memory = std::max({memory, daemons.anonymous_bytes(0), daemons.anonymous_bytes(1)});
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        std::printf(
            "%llu rows: caught up after %.2f s; the longest wait of a local writer: %.2f s; "
            "most memory of a daemon beyond the map: %.1f MiB\n",
            static_cast<unsigned long long>(members), Seconds(Clock::now() - begun).count(),
            longest_s, static_cast<double>(memory) / (1 << 20));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_catch_up: %s\n", error.what());
        return 1;
    }
    return 0;
}
