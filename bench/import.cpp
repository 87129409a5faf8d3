#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "fill.hpp"
#include "kigumi/replication/bundle.hpp"
#include "support/temp_directory.hpp"

/// A large bundle is imported into a new store beside a local writer: how long until all shows and
/// is folded into the rows, and how long the writer has to wait.
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t members = 1'000'000;
    CLI::App app("bench_import: importing a large bundle beside a writer");
    app.add_option("--members", members)->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    const kigumi::TempDirectory directory;
    const auto file = directory.path() / "bundle";
    kigumi::VersionVector all;
    {
        const auto from = kigumi::Store::open(directory.path() / "from").value();
        kigumi::bench::fill(*from, "large", members);
        kigumi::bundle::write(*from, file).value();
        all = from->read().value().version();
    }
    const auto into = kigumi::Store::open(directory.path() / "into").value();
    const auto begun = Clock::now();
    std::atomic<bool> done = false;
    double shown = 0;
    std::vector<double> waits;
    std::thread writer([&] {
        for (std::int64_t i = 0; !done; ++i) {
            if (shown == 0 && into->read().value().version().covers(all))
                shown = Seconds(Clock::now() - begun).count();
            const auto asked = Clock::now();
            auto tx = into->write().value();
            tx.reg("local").assign(i).value();
            tx.commit().value();
            waits.push_back(Seconds(Clock::now() - asked).count());
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    });
    const auto imported = kigumi::bundle::import(*into, {file});
    done = true;
    writer.join();
    if (!imported) {
        std::fprintf(stderr, "bench_import: %s\n", imported.error().message.c_str());
        return 1;
    }
    std::sort(waits.begin(), waits.end());
    std::printf(
        "%llu rows: shown after %.2f s, folded in after %.2f s; longest wait of %zu by a local "
        "writer: %.3f s, 99 %% below %.3f s, half below %.4f s\n",
        static_cast<unsigned long long>(members), shown, Seconds(Clock::now() - begun).count(),
        waits.size(), waits.back(), waits[waits.size() * 99 / 100], waits[waits.size() / 2]);
    return 0;
}
