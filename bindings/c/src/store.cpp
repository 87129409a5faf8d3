#include "handles.hpp"
#include "options.hpp"

using namespace kigumi;

namespace kigumi::c {

StoreUse::StoreUse(kigumi_store& store) : store_(store) { ++store_.uses; }
StoreUse::~StoreUse() { --store_.uses; }
Store& StoreUse::operator*() const { return *store_.store; }

}  // namespace kigumi::c

kigumi_status kigumi_store_open(const char* directory, const kigumi_store_options* options,
                                kigumi_store** store) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::require(store, "store"));
        KIGUMI_TRY(const char* const path, c::required(directory, "directory"));
        KIGUMI_TRY(const kigumi_store_options chosen, c::options_of(options));
        StoreOptions wanted;
        if (chosen.map_bytes != 0) wanted.lmdb.map_bytes = chosen.map_bytes;
        if (chosen.min_free_bytes != 0) wanted.lmdb.min_free_bytes = chosen.min_free_bytes;
        auto opened = std::make_unique<kigumi_store>();
        opened->directory = path;
        KIGUMI_TRY(opened->store, Store::open(opened->directory, std::move(wanted)));
        *store = opened.release();
        return {};
    });
}

kigumi_status kigumi_store_close(kigumi_store* store) {
    return c::guard([&]() -> Result<void> {
        if (store == nullptr) return {};
        KIGUMI_CHECK(c::check(store));
        if (store->uses != 0)
            return fail(ErrorCode::kBusy,
                        "the store has transactions, cursors, nodes or watches; close them first");
        c::destroy(store);
        return {};
    });
}

kigumi_status kigumi_store_replica(kigumi_store* store, kigumi_replica* replica) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        KIGUMI_CHECK(c::require(replica, "replica"));
        KIGUMI_TRY(const ReplicaId id, store->store->replica());
        *replica = c::replica_of(id);
        return {};
    });
}

const char* kigumi_store_directory(const kigumi_store* store) {
    return store == nullptr ? nullptr : store->directory.c_str();
}

kigumi_status kigumi_bucket_sign(kigumi_store* store, const char* bucket) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        return store->store->sign_bucket(c::bucket_of(bucket));
    });
}
