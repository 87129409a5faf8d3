#include "patience.hpp"
#include "token.hpp"

using namespace kigumi;

namespace {

/// What a token has seen of the bucket; without one, what this replica has written to it.
Result<VersionVector> meant(Store& store, std::string_view bucket, const kigumi_token* token) {
    if (token != nullptr) {
        KIGUMI_CHECK(c::check(token));
        return token->seen.version(std::string(bucket));
    }
    KIGUMI_TRY(const ReplicaId self, store.replica());
    KIGUMI_TRY(const auto now, store.read(bucket));
    VersionVector own;
    if (const std::uint64_t last = now.version()[self]; last > 0) own.raise(self, last);
    return own;
}

}  // namespace

kigumi_status kigumi_confirmed(kigumi_store* store, const char* bucket, const kigumi_token* token,
                               size_t* replicas) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        KIGUMI_CHECK(c::require(replicas, "replicas"));
        KIGUMI_TRY(const VersionVector version, meant(*store->store, c::bucket_of(bucket), token));
        KIGUMI_TRY(*replicas, store->store->confirmed(c::bucket_of(bucket), version));
        return {};
    });
}

kigumi_status kigumi_wait(kigumi_store* store, const char* bucket, const kigumi_token* token,
                          size_t replicas, int64_t timeout_ms, size_t* confirmed) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        const std::string_view name = c::bucket_of(bucket);
        // Nobody may close the store while this waits.
        const c::StoreUse use(*store);
        KIGUMI_TRY(const VersionVector version, meant(*use, name, token));
        KIGUMI_TRY(const std::size_t count,
                   use->wait_confirmed(name, version, replicas, c::patience(timeout_ms)));
        if (confirmed != nullptr) *confirmed = count;
        return {};
    });
}
