#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "daemons.hpp"
#include "fill.hpp"
#include "kigumi/replication/store.hpp"

/// A large set, added to on one master in transactions of 1,000 and replicated to two others: how
/// long it takes, how much memory the daemons use, and what one more member costs in it. Fails if a
/// replica lacks a member, a daemon uses 256 MiB beyond the map, or one add into the large set
/// costs more than twice what it costs in a set of 1,000.
namespace {

using kigumi::bench::fill;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::uint64_t kMemoryBound = std::uint64_t{256} << 20;
constexpr int kProbes = 400;

double add_one(kigumi::Store& store, const std::string& set, int number) {
    const auto begun = Clock::now();
    auto tx = store.write().value();
    tx.set(set).add("probe-" + std::to_string(number)).value();
    tx.commit().value();
    return Seconds(Clock::now() - begun).count() * 1e6;
}

double median(std::vector<double>& values) {
    std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                     values.end());
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t members = 1'000'000;
    CLI::App app("bench_large_set: replicates a large set and checks what it costs");
    app.add_option("--members", members)->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        const kigumi::bench::Daemons daemons(3);
        std::vector<std::unique_ptr<kigumi::Store>> stores;
        for (unsigned i = 0; i < 3; ++i)
            stores.push_back(kigumi::Store::open(daemons.directory(i)).value());
        kigumi::Store& first = *stores[0];

        std::uint64_t memory = 0;
        const auto watch = [&] {
            for (unsigned i = 0; i < 3; ++i) memory = std::max(memory, daemons.anonymous_bytes(i));
        };
        const auto begun = Clock::now();
        std::jthread watcher([&](const std::stop_token& stop) {
            for (; !stop.stop_requested();
                 std::this_thread::sleep_for(std::chrono::milliseconds(20)))
                watch();
        });
        fill(first, "large", members);
        const double filled_s = Seconds(Clock::now() - begun).count();
        const kigumi::VersionVector all = first.read().value().version();
        for (unsigned i = 1; i < 3; ++i) {
            while (!stores[i]->read().value().version().covers(all)) {
                if (Clock::now() - begun > std::chrono::minutes(5))
                    throw std::runtime_error("a replica does not catch up");
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
        }
        const double replicated_s = Seconds(Clock::now() - begun).count();
        watcher.request_stop();
        watcher.join();
        std::printf("%llu members: added in %.2f s, on all three after %.2f s\n",
                    static_cast<unsigned long long>(members), filled_s, replicated_s);
        bool good = true;
        for (unsigned i = 0; i < 3; ++i) {
            const std::uint64_t held = stores[i]->read().value().set("large").size().value();
            std::printf("replica %u holds %llu\n", i, static_cast<unsigned long long>(held));
            good = good && held == members;
        }
        std::printf("most memory of a daemon beyond the map: %.1f MiB\n",
                    static_cast<double>(memory) / (1 << 20));
        good = good && memory < kMemoryBound;

        fill(first, "small", 1'000);
        std::vector<double> large_us;
        std::vector<double> small_us;
        for (int i = 0; i < kProbes; ++i) {  // in turn, so that a noisy moment meets both
            small_us.push_back(add_one(first, "small", i));
            large_us.push_back(add_one(first, "large", i));
        }
        const double ratio = median(large_us) / median(small_us);
        std::printf("one durable add: %.0f us into 1,000, %.0f us into %llu: %.2f times\n",
                    median(small_us), median(large_us), static_cast<unsigned long long>(members),
                    ratio);
        good = good && ratio <= 2;
        std::printf("large set: %s\n", good ? "ok" : "FAILED");
        return good ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_large_set: %s\n", error.what());
        return 1;
    }
}
