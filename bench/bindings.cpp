#include <kigumi.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "kigumi/replication/store.hpp"
#include "python_side.hpp"

/// What an operation costs from C and from Python, in one run with C++. Each side has a transaction
/// open; they do the same blocks in turns, so short that a busy machine seldom interrupts one, and
/// what counts is the median of how each block compares with the same one in C++. Committing is the
/// same work for all and is not in it.
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBlock = 200;
constexpr int kRounds = 150;

void expect(bool condition) {
    if (condition) return;
    std::fprintf(stderr, "bench_bindings: %s\n", kigumi_last_error_message());
    std::exit(1);
}
void expect(kigumi_status status) { expect(status == KIGUMI_OK); }

std::vector<std::string> names() {
    std::vector<std::string> all;
    for (int i = 0; i < kBlock * kRounds; ++i)
        all.push_back("the member number " + std::to_string(i));
    return all;
}
const std::vector<std::string> kNames = names();

struct Operation {
    const char* name;  ///< as in bindings.py
    const char* meaning;
    void (*cpp)(kigumi::WriteTransaction& tx, int i);
    void (*c)(kigumi_txn* tx, int i);
};

constexpr std::array kOperations = {
    Operation{"add_member", "add a number to a set",
              [](kigumi::WriteTransaction& tx, int i) { tx.set("set").add(i).value(); },
              [](kigumi_txn* tx, int i) {
                  expect(kigumi_set_add(tx, kigumi_at("set"), kigumi_value_int(i), nullptr));
              }},
    Operation{"add_text", "add a text to a set",
              [](kigumi::WriteTransaction& tx, int i) { tx.set("texts").add(kNames[i]).value(); },
              [](kigumi_txn* tx, int i) {
                  expect(kigumi_set_add(tx, kigumi_at("texts"),
                                        kigumi_value_text(kNames[i].c_str()), nullptr));
              }},
    Operation{"count", "add to a counter",
              [](kigumi::WriteTransaction& tx, int) { tx.counter("counter").add(1).value(); },
              [](kigumi_txn* tx, int) { expect(kigumi_counter_add(tx, kigumi_at("counter"), 1)); }},
    Operation{"assign", "assign to a register",
              [](kigumi::WriteTransaction& tx, int i) {
                  tx.reg(kNames[i]).assign("a short text").value();
              },
              [](kigumi_txn* tx, int i) {
                  expect(kigumi_register_assign(tx, kigumi_at(kNames[i].c_str()),
                                                kigumi_value_text("a short text")));
              }},
    Operation{
        "assign_field", "assign to a map's field",
        [](kigumi::WriteTransaction& tx, int i) { tx.map("map").reg(kNames[i]).assign(i).value(); },
        [](kigumi_txn* tx, int i) {
            expect(kigumi_register_assign(tx, kigumi_in("map", kNames[i].c_str()),
                                          kigumi_value_int(i)));
        }},
    Operation{
        "look", "look for a set's member",
        [](kigumi::WriteTransaction& tx, int i) { expect(tx.set("set").contains(i).value()); },
        [](kigumi_txn* tx, int i) {
            bool there = false;
            expect(kigumi_set_contains(tx, kigumi_at("set"), kigumi_value_int(i), &there));
            expect(there);
        }},
};

template <class Tx>
double block(void (*operation)(Tx, int), Tx tx, int from) {
    const auto begun = Clock::now();
    for (int i = from; i < from + kBlock; ++i) operation(tx, i);
    return std::chrono::duration<double, std::micro>(Clock::now() - begun).count();
}

double median(std::vector<double> of) {
    std::nth_element(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2), of.end());
    return of[of.size() / 2];
}

/// What the blocks of one side took, and each as a multiple of the same block in C++.
struct Side {
    void take(double spent, double in_cpp) {
        microseconds.push_back(spent / kBlock);
        multiples.push_back(spent / in_cpp);
    }
    std::vector<double> microseconds;
    std::vector<double> multiples;
};

void compare(const Operation& operation, kigumi::WriteTransaction& tx, kigumi_txn* handle,
             PythonSide& other) {
    Side cpp;
    Side c;
    Side python;
    for (int round = 0; round < kRounds; ++round) {
        const int from = round * kBlock;
        double in_cpp = 0;
        double in_c = 0;
        // In turns also who goes first.
        if (round % 2 == 0) in_cpp = block<kigumi::WriteTransaction&>(operation.cpp, tx, from);
        in_c = block<kigumi_txn*>(operation.c, handle, from);
        if (round % 2 == 1) in_cpp = block<kigumi::WriteTransaction&>(operation.cpp, tx, from);
        cpp.take(in_cpp, in_cpp);
        c.take(in_c, in_cpp);
        python.take(other.block(operation.name, from, from + kBlock), in_cpp);
    }
    std::printf("%-24s %6.2f us %6.2f us  %4.2f", operation.meaning, median(cpp.microseconds),
                median(c.microseconds), median(c.multiples));
    if (median(python.microseconds) < 0) {
        std::printf("   not built\n");
    } else {
        std::printf(" %8.2f us  %4.2f\n", median(python.microseconds), median(python.multiples));
    }
}

}  // namespace

int main() {
    std::string name = (std::filesystem::temp_directory_path() / "kigumi-bench-XXXXXX").string();
    expect(mkdtemp(name.data()) != nullptr);
    const std::filesystem::path directory = name;
    {
        const auto store = kigumi::Store::open(directory / "cpp").value();
        kigumi_store* c_store = nullptr;
        kigumi_txn* handle = nullptr;
        expect(kigumi_store_open((directory / "c").c_str(), nullptr, &c_store));
        expect(kigumi_write_open(c_store, nullptr, &handle));
        auto tx = store->write().value();
        PythonSide python(PYTHON,
                          (directory / "python").string() + " " + std::to_string(kNames.size()));
        std::printf(
            "medians of %d blocks of %d operations in one transaction, without its commit\n",
            kRounds, kBlock);
        std::printf("%-24s %9s %9s %5s %11s %5s\n", "", "C++", "C", "times", "Python", "times");
        for (const Operation& operation : kOperations) compare(operation, tx, handle, python);
        kigumi_txn_close(handle);
        expect(kigumi_store_close(c_store));
    }
    std::filesystem::remove_all(directory);
    return 0;
}
