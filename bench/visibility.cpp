#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "daemons.hpp"
#include "kigumi/replication/store.hpp"

/// How long a durable write on one master takes to be readable on another, both idle: an
/// application commits on node 0, and node 1 is read until the value is there.
namespace {

using Clock = std::chrono::steady_clock;
using Ms = std::chrono::duration<double, std::milli>;

constexpr int kWarmUp = 20;
constexpr int kWrites = 500;

double one_write(kigumi::Store& from, kigumi::Store& to, int number, double& commit_ms) {
    const auto begun = Clock::now();
    auto tx = from.write().value();
    tx.reg("probe").assign(number).value();
    tx.commit().value();
    commit_ms = Ms(Clock::now() - begun).count();
    for (;;) {
        auto snapshot = to.read().value();
        const auto seen = snapshot.reg("probe").get().value();
        if (seen == kigumi::Value(number)) return Ms(Clock::now() - begun).count();
        if (Clock::now() - begun > std::chrono::seconds(10))
            throw std::runtime_error("not visible after 10 s");
        std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
}

void print(const char* what, std::vector<double> ms) {
    std::sort(ms.begin(), ms.end());
    std::printf("%-34s median %.2f ms, p99 %.2f ms, max %.2f ms (%zu writes)\n", what,
                ms[ms.size() / 2], ms[ms.size() * 99 / 100], ms.back(), ms.size());
}

}  // namespace

int main() {
    try {
        const kigumi::bench::Daemons daemons(2);
        const auto from = kigumi::Store::open(daemons.directory(0)).value();
        const auto to = kigumi::Store::open(daemons.directory(1)).value();
        std::vector<double> commits;
        std::vector<double> visible;
        for (int i = 0; i < kWarmUp + kWrites; ++i) {
            double commit_ms = 0;
            const double ms = one_write(*from, *to, i, commit_ms);
            if (i >= kWarmUp) {
                visible.push_back(ms);
                commits.push_back(commit_ms);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        print("durable commit", commits);
        print("begin of write to visible on peer", visible);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_visibility: %s\n", error.what());
        return 1;
    }
    return 0;
}
