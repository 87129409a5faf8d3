#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>

#include "kigumi/replication/batch.hpp"
#include "kigumi/replication/store.hpp"
#include "support/temp_directory.hpp"

/// What proofs cost, in one run: the same writes into a bucket that is not signed and into one that
/// is, and the same rows taken over from there, checked and joined as a pull does it. Without
/// fsync, whose noise would hide the rest, and the best of three turns each.
namespace {

using Clock = std::chrono::steady_clock;
using kigumi::KeyedRow;
using kigumi::Store;

constexpr std::uint64_t kWritesPerTransaction = 100;
constexpr std::size_t kRowsPerBatch = 400;
constexpr int kTurns = 3;

double microseconds_each(std::uint64_t number, const std::function<void()>& work) {
    const auto begun = Clock::now();
    work();
    return std::chrono::duration<double, std::micro>(Clock::now() - begun).count() /
           static_cast<double>(number);
}

struct Costs {
    double write_us;
    double take_us;
    double bytes;  ///< of a row on its way
};

void write(Store& store, const std::string& bucket, std::uint64_t rows) {
    for (std::uint64_t at = 0; at < rows;) {
        auto tx = store.write(bucket).value();
        for (std::uint64_t i = 0; i < kWritesPerTransaction && at < rows; ++i, ++at)
            tx.set("s").add("member-" + std::to_string(at)).value();
        tx.commit().value();
    }
}

std::vector<std::string> batches_of(Store& store, const std::string& bucket) {
    std::vector<std::string> batches;
    kigumi::BatchWriter batch;
    auto snapshot = store.read(bucket).value();
    snapshot
        .scan({},
              [&](const kigumi::RowKey& at, const kigumi::Row& row) {
                  batch.add({at, row});
                  if (batch.rows() == kRowsPerBatch) batches.push_back(batch.finish());
                  return true;
              })
        .value();
    batches.push_back(batch.finish());
    return batches;
}

void take(Store& store, const std::string& bucket, const std::vector<std::string>& batches,
          const kigumi::VersionVector& version) {
    std::vector<std::vector<KeyedRow>> checked;
    for (const std::string& batch : batches) {
        checked.push_back(kigumi::decode_batch(batch).value());
        store.check_proofs(bucket, checked.back()).value();
    }
    auto tx = store.write(bucket).value();
    for (const auto& rows : checked)
        for (const KeyedRow& row : rows) tx.join_row(row, version).value();
    tx.advance(version, {});
    tx.commit().value();
}

Costs measure(const std::filesystem::path& directory, bool is_signed, std::uint64_t rows) {
    const std::string bucket = "b";
    kigumi::StoreOptions options;
    options.lmdb.durable = false;
    const auto from = Store::open(directory / "from", options).value();
    const auto to = Store::open(directory / "to", options).value();
    for (Store* const store : {from.get(), to.get()})
        if (is_signed) store->sign_bucket(bucket).value();
    Costs costs{};
    costs.write_us = microseconds_each(rows, [&] { write(*from, bucket, rows); });
    const auto batches = batches_of(*from, bucket);
    for (const std::string& batch : batches) costs.bytes += static_cast<double>(batch.size());
    costs.bytes /= static_cast<double>(rows);
    const auto version = from->read(bucket).value().version();
    costs.take_us = microseconds_each(rows, [&] { take(*to, bucket, batches, version); });
    return costs;
}

/// Measures once more, in a place of its own.
Costs best_of(const Costs& before, std::uint64_t rows, bool is_signed) {
    const kigumi::TempDirectory directory;
    const Costs now = measure(directory.path(), is_signed, rows);
    if (before.write_us == 0) return now;
    return {std::min(before.write_us, now.write_us), std::min(before.take_us, now.take_us),
            now.bytes};
}

void print(const char* name, const Costs& costs) {
    std::printf("%-10s %8.1f us to write  %8.1f us to take over  %6.1f bytes on the wire\n", name,
                costs.write_us, costs.take_us, costs.bytes);
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t rows = 20'000;
    CLI::App app("bench_proofs: what it costs to sign writes and to check them");
    app.add_option("--rows", rows)->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        Costs plain = best_of({}, rows, false);
        Costs proven = best_of({}, rows, true);
        for (int turn = 1; turn < kTurns; ++turn) {
            plain = best_of(plain, rows, false);
            proven = best_of(proven, rows, true);
        }
        std::printf("%llu rows, %llu in each transaction; for each row:\n",
                    static_cast<unsigned long long>(rows),
                    static_cast<unsigned long long>(kWritesPerTransaction));
        print("unsigned", plain);
        print("signed", proven);
        std::printf("a signature costs %.1f us and a check %.1f us: %.2f and %.2f times\n",
                    proven.write_us - plain.write_us, proven.take_us - plain.take_us,
                    proven.write_us / plain.write_us, proven.take_us / plain.take_us);
        return 0;
    } catch (const std::exception& error) {
        static_cast<void>(std::fprintf(stderr, "bench_proofs: %s\n", error.what()));
        return 1;
    }
}
