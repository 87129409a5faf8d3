#include <chrono>
#include <cstdio>
#include <thread>

#include "kigumi/replication/store.hpp"

namespace {

using namespace kigumi;

constexpr std::int64_t kBurst = 16;

Result<void> write_one(Store& store, const std::string& name, std::int64_t i) {
    KIGUMI_TRY(WriteTransaction txn, store.write());
    KIGUMI_CHECK(txn.set("burst").add(name + ":" + std::to_string(i)));
    KIGUMI_CHECK(txn.counter("burst").add(1));
    KIGUMI_CHECK(txn.reg("burst:" + name).assign(i));
    return txn.commit();
}

}  // namespace

/// burst_writer DIR NAME [PAUSE_MS]: for i = 0, 1, 2… adds "NAME:i" to the set "burst", counts it
/// in the counter "burst" and puts i into the register "burst:NAME", all in one transaction. Prints
/// i when that is acknowledged, or "i error" and why. Rests after every few of them. Made to be
/// killed.
int main(int argc, char** argv) {
    if (argc != 3 && argc != 4) return 2;
    const std::chrono::milliseconds pause(argc == 4 ? std::stoi(argv[3]) : 0);
    const auto store = kigumi::Store::open(argv[1]);
    if (!store) std::printf("cannot open: %s\n", store.error().message.c_str());
    for (std::int64_t i = 0; store && i < 1'000'000; ++i) {
        if (const auto done = write_one(**store, argv[2], i)) {
            std::printf("%lld\n", static_cast<long long>(i));
        } else {
            std::printf("%lld error %s\n", static_cast<long long>(i), done.error().message.c_str());
        }
        std::fflush(stdout);
        if (i % kBurst == kBurst - 1) std::this_thread::sleep_for(pause);
    }
    return 1;
}
