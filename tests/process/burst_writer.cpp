#include <cstdio>

#include "kigumi/replication/store.hpp"

/// burst_writer DIR: adds 0, 1, 2… to the set "burst" and counts each in the counter "burst", both
/// in one transaction. A number is printed when its transaction is acknowledged. Made to be killed.
int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const auto store = kigumi::Store::open(argv[1]);
    for (std::int64_t i = 0; store && i < 1'000'000; ++i) {
        auto txn = (*store)->write();
        if (!txn || !txn->set("burst").add(i) || !txn->counter("burst").add(1) || !txn->commit())
            return 1;
        std::printf("%lld\n", static_cast<long long>(i));
        std::fflush(stdout);
    }
    return 1;
}
