#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "daemons.hpp"
#include "fill.hpp"
#include "loopback.hpp"

/// A new master meets one that holds a large set: how long until it holds everything, how many
/// bytes that takes on the wire, and how much memory the daemons take. Once more with a local
/// writer on the new master: how long that has to wait, until all is folded into the rows.
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using kigumi::bench::Daemons;

/// What the rows take in the store: their keys and their records.
std::uint64_t stored_bytes(const std::filesystem::path& directory) {
    const auto env = kigumi::kv::open_lmdb(directory, {}).value();
    const auto txn = env->begin_read().value();
    const auto cursor = txn->cursor(kigumi::kv::Table::kRows).value();
    std::uint64_t bytes = 0;
    for (auto item = cursor->seek({}).value(); item; item = cursor->next().value())
        bytes += item->key.size() + item->value.size();
    return bytes;
}

struct Measured {
    double seconds = 0;
    double folded_seconds = 0;    ///< until the rows are in their place
    std::vector<double> waits_s;  ///< of the local writer, sorted
    std::uint64_t memory = 0;
    std::uint64_t wire_bytes = 0;
    std::uint64_t row_bytes = 0;
};

Measured measure(std::uint64_t members, bool writer) {
    Measured measured;
    const std::uint64_t wire_before = kigumi::bench::loopback_bytes();
    auto begun = Clock::now();
    const Daemons daemons(2, [&](const std::filesystem::path& directory) {
        kigumi::bench::fill(*kigumi::Store::open(directory).value(), "large", members);
        measured.row_bytes = stored_bytes(directory);
        begun = Clock::now();
    });
    const auto full = kigumi::Store::open(daemons.directory(0)).value();
    const auto fresh = kigumi::Store::open(daemons.directory(1)).value();
    const kigumi::VersionVector all = full->read().value().version();
    for (std::uint64_t i = 0;; ++i) {
        {
            const auto now = fresh->read().value();
            const bool visible = now.version().covers(all);
            const double seconds = Seconds(Clock::now() - begun).count();
            if (visible && measured.seconds == 0) measured.seconds = seconds;
            measured.folded_seconds = seconds;
            if (visible && !now.folding()) break;
        }
        if (writer) {
            const auto asked = Clock::now();
            auto tx = fresh->write().value();
            tx.reg("local").assign(kigumi::Value(static_cast<std::int64_t>(i))).value();
            tx.commit().value();
            measured.waits_s.push_back(Seconds(Clock::now() - asked).count());
        }
        measured.memory =
            std::max({measured.memory, daemons.anonymous_bytes(0), daemons.anonymous_bytes(1)});
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::sort(measured.waits_s.begin(), measured.waits_s.end());
    measured.wire_bytes = kigumi::bench::loopback_bytes() - wire_before;
    return measured;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t members = 1'000'000;
    CLI::App app("bench_catch_up: a new master pulls a large set");
    app.add_option("--members", members)->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    const bool counted = kigumi::bench::take_own_loopback();
    try {
        const Measured alone = measure(members, false);
        std::printf(
            "%llu rows: in sync %.2f s after both daemons were started, folded in after %.2f s; ",
            static_cast<unsigned long long>(members), alone.seconds, alone.folded_seconds);
        if (counted)
            std::printf(
                "%.1f MB on the wire, %.2f times the stored rows (%.1f MB)\n",
                static_cast<double>(alone.wire_bytes) / 1e6,
                static_cast<double>(alone.wire_bytes) / static_cast<double>(alone.row_bytes),
                static_cast<double>(alone.row_bytes) / 1e6);
        else
            std::printf("bytes are counted for root only\n");
        const Measured written = measure(members, true);
        const auto& waits = written.waits_s;
        std::printf(
            "with a local writer: in sync after %.2f s, folded in after %.2f s; its longest wait "
            "of "
            "%zu: %.3f s, 99 %% below %.3f s, half below %.4f s\n",
            written.seconds, written.folded_seconds, waits.size(), waits.back(),
            waits[waits.size() * 99 / 100], waits[waits.size() / 2]);
        std::printf("most memory of a daemon beyond the map: %.1f MiB\n",
                    static_cast<double>(std::max(alone.memory, written.memory)) / (1 << 20));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_catch_up: %s\n", error.what());
        return 1;
    }
    return 0;
}
