#include "open_store.hpp"

#include <cstdio>

#include "kigumi/crdt/json.hpp"

namespace kigumi::cli {

void report(std::string message) {
    for (char& c : message)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    static_cast<void>(std::fprintf(stderr, "kigumi: %s\n", message.c_str()));
}

Result<std::filesystem::path> data_directory(const std::string& data) {
    if (!data.empty()) return std::filesystem::path(data);
    return fail(ErrorCode::kInvalidArgument,
                "the data directory is missing; name it before the command, with --data DIR");
}

Result<std::unique_ptr<Store>> open_store(const std::string& data, Access access) {
    KIGUMI_TRY(const auto directory, data_directory(data));
    // Reading must not leave a new, empty node behind where a name was misspelt.
    std::error_code unknown;
    const bool there = std::filesystem::exists(directory / "data.mdb", unknown);
    // Where looking is not permitted, opening tells whom to ask.
    if (access == Access::kRead && !there && !unknown)
        return fail(ErrorCode::kNotFound, "there is no data in " + json_string(data) +
                                              "; check --data, or write something to create it");
    KIGUMI_TRY(auto store, Store::open(directory));
    if (const auto& renewed = store->renewed())
        report("note: this node goes on under a new identity: " + renewed->reason);
    return store;
}

}  // namespace kigumi::cli
