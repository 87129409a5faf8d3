#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "daemons.hpp"
#include "fill.hpp"
#include "kigumi/replication/store.hpp"

/// What deletes leave behind: a large set is filled and emptied on one of three masters, again and
/// again. Fails if a row is left on any of them, or if the files still grow after the second time:
/// pages that were freed have to be used again.
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr double kMostGrowth = 1.1;

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t members = 1'000'000;
    unsigned times = 3;
    CLI::App app("bench_deletes: fills and empties a set, and looks for what is left");
    app.add_option("--members", members)->capture_default_str();
    app.add_option("--times", times)->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        const kigumi::bench::Daemons daemons(3);
        std::vector<std::unique_ptr<kigumi::Store>> stores;
        for (unsigned i = 0; i < 3; ++i)
            stores.push_back(kigumi::Store::open(daemons.directory(i)).value());
        std::uint64_t settled_bytes = 0;
        double growth = 0;
        for (unsigned time = 1; time <= times; ++time) {
            kigumi::bench::fill(*stores[0], "large", members);
            const auto begun = Clock::now();
            kigumi::bench::empty(*stores[0], "large", members);
            const double emptied_s = Seconds(Clock::now() - begun).count();
            const auto left = [&] {
                std::uint64_t rows = 0;
                for (auto& store : stores) rows += store->read().value().count_rows().value();
                return rows;
            };
            while (left() > 0) {
                if (Clock::now() - begun > std::chrono::minutes(5))
                    throw std::runtime_error(std::to_string(left()) + " rows are not collected");
                std::this_thread::sleep_for(std::chrono::milliseconds(50));
            }
            std::uint64_t bytes = 0;
            for (auto& store : stores) bytes = std::max(bytes, store->usage().value().file_bytes);
            if (time <= 2) settled_bytes = bytes;
            growth = static_cast<double>(bytes) / static_cast<double>(settled_bytes);
            std::printf(
                "%llu members: removed in %.2f s, collected on all three after %.2f s, "
                "0 rows left; largest file %.0f MiB\n",
                static_cast<unsigned long long>(members), emptied_s,
                Seconds(Clock::now() - begun).count(), static_cast<double>(bytes) / (1 << 20));
        }
        const bool good = growth <= kMostGrowth;
        std::printf("deletes: %s\n", good ? "ok" : "FAILED");
        return good ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_deletes: %s\n", error.what());
        return 1;
    }
}
