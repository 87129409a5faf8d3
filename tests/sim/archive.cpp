#include "archive.hpp"

#include "kigumi/replication/bundle.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "stored_rows.hpp"

namespace kigumi::sim {
namespace {

constexpr const char* kCopy = "copy";

}  // namespace

bool Archive::follow(Store& store, const std::string& bucket) {
    VersionVector base;
    if (copy_) base = copy_->read(kCopy).value().version();
    const bool increment =
        !base.empty() && !bundle::reachable(store, {{bucket, base}}).value().empty();
    if (!increment) {
        StoreOptions options;
        options.random = [](std::span<std::uint8_t> out) { std::fill(out.begin(), out.end(), 1); };
        options.wall_ms = [] { return std::uint64_t{0}; };
        copy_ = Store::over(std::make_shared<kv::MemoryEnv>(), options).value();
        base = {};
    }
    auto snapshot = store.read(bucket).value();
    auto tx = copy_->write(kCopy).value();
    const StoredRows stored(snapshot);
    stored
        .each_after(base,
                    [&](std::string_view place, std::string_view record) -> Result<void> {
                        KIGUMI_TRY(const KeyedRow keyed, stored.decode(place, record));
                        return tx.join_row(keyed, snapshot.version());
                    })
        .value();
    tx.advance(snapshot.version(), snapshot.floor());
    tx.commit().value();
    return increment;
}

std::map<RowKey, Row> Archive::rows() const {
    std::map<RowKey, Row> all;
    auto snapshot = copy_->read(kCopy).value();
    snapshot
        .scan({}, [&all](const RowKey& at, const Row& row) { return all.emplace(at, row), true; })
        .value();
    return all;
}

}  // namespace kigumi::sim
