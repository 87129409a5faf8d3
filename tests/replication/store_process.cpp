#include <unistd.h>

#include <iostream>
#include <string>

#include "kigumi/crdt/json.hpp"
#include "kigumi/replication/store.hpp"

// A process beside the test's own, on the same data directory:
//
//   store_process DIRECTORY MAP_MIB write NAME COUNT BYTES   COUNT transactions of some BYTES each
//   store_process DIRECTORY MAP_MIB fold NAME COUNT BYTES    a large pull of COUNT rows, and its
//   steps store_process DIRECTORY MAP_MIB read                     reads everything
//
// It says "open" once the store is open, then the number of each transaction that was acknowledged,
// or "error" and why.

namespace {

using namespace kigumi;

int say_error(const Error& error) {
    std::cout << "error " << error.message << std::endl;
    return 1;
}

/// One transaction over three rows, so that half of it would show.
Result<void> write_one(Store& store, const std::string& name, int i, std::size_t bytes) {
    KIGUMI_TRY(WriteTransaction txn, store.write());
    KIGUMI_CHECK(txn.counter("n").add(1));
    KIGUMI_TRY([[maybe_unused]] const bool added, txn.set("s").add(name + ":" + std::to_string(i)));
    KIGUMI_CHECK(txn.reg("r" + name + std::to_string(i)).assign(std::string(bytes, 'x')));
    return txn.commit();
}

int write(Store& store, const std::string& name, int count, std::size_t bytes) {
    int status = 0;
    for (int i = 0; i < count; ++i) {
        if (const auto done = write_one(store, name, i, bytes)) {
            std::cout << i << std::endl;
        } else {
            status = say_error(done.error());
        }
    }
    return status;
}

/// What another replica has: `gone` is among what it does not have any more.
Result<void> lay_over(Store& store, const std::string& name, int count, std::size_t bytes) {
    const ReplicaId peer(ReplicaId::Bytes{9});
    {
        Row row;
        row.insert({{peer, 1}, Hlc::at_ms(1), Value("gone")});
        KIGUMI_TRY(WriteTransaction txn, store.write());
        KIGUMI_CHECK(txn.join_row({{"gone", Type::kRegister, {}}, row}, {{peer, 1}}));
        txn.advance({{peer, 1}}, {});
        KIGUMI_CHECK(txn.commit());
    }
    KIGUMI_TRY(WriteTransaction txn, store.write());
    std::uint64_t counter = 1;
    for (int i = 0; i < count; ++i) {
        Row row;
        row.insert({{peer, ++counter}, Hlc::at_ms(2), Value(std::string(bytes, 'x'))});
        KIGUMI_CHECK(txn.stage({{name + std::to_string(i), Type::kRegister, {}}, row}));
    }
    KIGUMI_CHECK(txn.lay_over({{peer, counter}}, {}, true, Hlc::at_ms(2)));
    return txn.commit();
}

int fold(Store& store, const std::string& name, int count, std::size_t bytes) {
    if (const auto over = lay_over(store, name, count, bytes); !over)
        return say_error(over.error());
    for (int step = 0;; ++step) {
        std::cout << step << std::endl;
        const auto done = store.fold(kDefaultBucket, 2, bytes * 4);
        if (!done) return say_error(done.error());
        if (*done) return 0;
    }
}

int read(Store& store) {
    auto txn = store.read();
    if (!txn) return say_error(txn.error());
    if (const auto checked = txn->check_log(); !checked) return say_error(checked.error());
    if (const auto sum = txn->counter("n").value()) {
        std::cout << *sum << std::endl;
        return 0;
    } else {
        return say_error(sum.error());
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4 && argc != 7) return 2;
    StoreOptions options;
    options.lmdb.map_bytes = std::stoull(argv[2]) << 20;
    const auto store = Store::open(argv[1], options);
    if (!store) return say_error(store.error());
    std::cout << "open" << std::endl;
    if (argc == 4) return read(**store);
    if (argv[3] == std::string("fold"))
        return fold(**store, argv[4], std::stoi(argv[5]), std::stoull(argv[6]));
    return write(**store, argv[4], std::stoi(argv[5]), std::stoull(argv[6]));
}
