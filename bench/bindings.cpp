#include <kigumi.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "kigumi/replication/store.hpp"

/// What an operation costs from C and from Python, in one run with C++: transactions of so many
/// operations each, in turns, so that a busy machine is busy for all.
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kOperations = 20'000;
constexpr int kRounds = 9;

void expect(bool condition) {
    if (condition) return;
    std::fprintf(stderr, "bench_bindings: %s\n", kigumi_last_error_message());
    std::exit(1);
}

double microseconds(const std::function<void()>& work) {
    const auto begun = Clock::now();
    work();
    const std::chrono::duration<double, std::micro> spent = Clock::now() - begun;
    return spent.count() / kOperations;
}

double in_cpp(kigumi::Store& store, const std::string& key) {
    return microseconds([&] {
        auto tx = store.write().value();
        for (int i = 0; i < kOperations; ++i) tx.set(key).add(i).value();
        tx.commit().value();
    });
}

double in_c(kigumi_store* store, const std::string& key) {
    return microseconds([&] {
        kigumi_txn* tx = nullptr;
        expect(kigumi_write_open(store, nullptr, &tx) == KIGUMI_OK);
        for (int i = 0; i < kOperations; ++i)
            expect(kigumi_set_add(tx, kigumi_at(key.c_str()), kigumi_value_int(i), nullptr) ==
                   KIGUMI_OK);
        expect(kigumi_txn_commit(tx) == KIGUMI_OK);
        kigumi_txn_close(tx);
    });
}

/// A process of its own that measures itself: its start does not count. Negative if it cannot run.
double in_python(const std::filesystem::path& directory, const std::string& key) {
    const std::string command = std::string(PYTHON) + " " + directory.string() + " " + key + " " +
                                std::to_string(kOperations);
    FILE* const answers = popen(command.c_str(), "r");
    double spent = -1;
    const bool told = answers != nullptr && std::fscanf(answers, "%lf", &spent) == 1;
    if (answers != nullptr) pclose(answers);
    return told ? spent : -1;
}

double median(std::vector<double> of) {
    std::sort(of.begin(), of.end());
    return of[of.size() / 2];
}

}  // namespace

int main() {
    std::string name = (std::filesystem::temp_directory_path() / "kigumi-bench-XXXXXX").string();
    expect(mkdtemp(name.data()) != nullptr);
    const std::filesystem::path directory = name;
    std::vector<double> cpp;
    std::vector<double> c;
    std::vector<double> python;
    {
        const auto store = kigumi::Store::open(directory / "cpp").value();
        kigumi_store* handle = nullptr;
        expect(kigumi_store_open((directory / "c").c_str(), nullptr, &handle) == KIGUMI_OK);
        for (int i = 0; i < kRounds; ++i) {
            const std::string key = "set-" + std::to_string(i);
            // In turns also who goes first.
            if (i % 2 == 0) cpp.push_back(in_cpp(*store, key));
            c.push_back(in_c(handle, key));
            if (i % 2 == 1) cpp.push_back(in_cpp(*store, key));
            python.push_back(in_python(directory / "python", key));
        }
        expect(kigumi_store_close(handle) == KIGUMI_OK);
    }
    std::filesystem::remove_all(directory);
    std::printf("adding to a set, %d in a transaction, commit included; medians of %d rounds\n",
                kOperations, kRounds);
    std::printf("C++     %6.2f us\n", median(cpp));
    std::printf("C       %6.2f us  %.2f times\n", median(c), median(c) / median(cpp));
    if (median(python) < 0) {
        std::printf("Python  not built\n");
    } else {
        std::printf("Python  %6.2f us  %.2f times\n", median(python), median(python) / median(cpp));
    }
    return 0;
}
