#include "chain.hpp"
#include "kigumi/replication/members.hpp"
#include "transaction_state.hpp"

/// The identity of a store, and how it takes another.
namespace kigumi {
namespace {

/// Where an identity has written.
struct Written {
    schema::BucketId bucket;
    std::string name;
    std::uint64_t counter;
};

Result<std::vector<Written>> written_by(kv::ReadTxn& txn, std::uint32_t origin) {
    std::vector<Written> all;
    KIGUMI_TRY(const auto cursor, txn.cursor(kv::Table::kBuckets));
    KIGUMI_TRY(auto item, cursor->seek({}));
    while (item) {
        const schema::BucketId bucket = read_u32(item->value);
        std::string key = schema::bucket_prefix(bucket);
        append_u32(key, origin);
        KIGUMI_TRY(const auto clock, txn.get(kv::Table::kClock, key));
        if (clock && clock->size() >= 8 && read_u64(*clock) > 0)
            all.push_back({bucket, std::string(item->key), read_u64(*clock)});
        KIGUMI_TRY(item, cursor->next());
    }
    return all;
}

Result<std::vector<Written>> written_by(kv::ReadTxn& txn, const ReplicaId& replica,
                                        std::uint32_t& number) {
    OriginTable origins;
    KIGUMI_CHECK(origins.catch_up(txn));
    const auto found = origins.find(replica);
    if (!found) return std::vector<Written>();
    number = *found;
    return written_by(txn, *found);
}

/// The chain of an identity that is given up ends. Its last head stays, like that of any other
/// origin: somebody else may go on with the same key.
Result<void> end_chains(kv::WriteTxn& txn, const ReplicaId& old) {
    std::uint32_t number = 0;
    KIGUMI_TRY(const auto written, written_by(txn, old, number));
    KIGUMI_TRY(const auto key, schema::signing_key(txn));
    for (const Written& one : written) {
        KIGUMI_TRY(const auto hash, chain::hash_at(txn, one.bucket, number, one.counter));
        if (key && hash)
            KIGUMI_CHECK(chain::keep(txn, one.bucket, number,
                                     key->sign(one.name, one.counter, *hash), true));
        KIGUMI_CHECK(chain::erase(txn, one.bucket, number));
    }
    return {};
}

}  // namespace

std::string StoreState::draw_nonce() const {
    std::array<std::uint8_t, schema::Place::kNonceBytes> bytes{};
    options.random(bytes);
    return {bytes.begin(), bytes.end()};
}

Result<ReplicaId> StoreState::take_new_identity(kv::WriteTxn& txn) const {
    KIGUMI_TRY(const auto old, schema::replica(txn));
    if (old) KIGUMI_CHECK(end_chains(txn, *old));
    // It always has a key: some bucket may become signed later.
    SigningKey::Seed seed{};
    options.random(seed);
    const SigningKey key(seed);
    schema::Place place = schema::place_of(directory);
    if (!directory.empty()) {
        // Where the file cannot be written there is no nonce, and the rest has to do.
        place.nonce = draw_nonce();
        if (!schema::write_nonce(directory, place.nonce)) place.nonce.clear();
    }
    KIGUMI_CHECK(schema::put_identity(txn, key.replica(), place, &key));
    return key.replica();
}

Result<ReplicaId> StoreState::renew(std::unique_ptr<kv::WriteTxn> txn, const ReplicaId& old,
                                    bool forked) {
    KIGUMI_TRY(const ReplicaId fresh, take_new_identity(*txn));
    if (forked) KIGUMI_CHECK(schema::put_forked(*txn, old));
    std::uint32_t number = 0;
    KIGUMI_TRY(const auto written, written_by(*txn, old, number));
    // Nobody waits for an identity that wrote nothing, not even itself to the list of members.
    if (!written.empty()) KIGUMI_CHECK(schema::put_left(*txn, old));
    KIGUMI_CHECK(txn->commit());
    committed();
    return fresh;
}

Result<void> Store::retire_left_identities() {
    {
        KIGUMI_TRY(const auto txn, state_->env->begin_read());
        KIGUMI_TRY(const auto left, schema::left(*txn));
        if (left.empty()) return {};
    }
    KIGUMI_TRY(WriteTransaction list, write(members::kBucket));
    WriteTransaction::State& state = *list.state_;
    KIGUMI_TRY(const auto left, schema::left(*state.txn));
    for (const ReplicaId& replica : left) {
        KIGUMI_CHECK(members::put(list, replica, members::Standing::kRetired));
        KIGUMI_CHECK(schema::erase_left(*state.txn, replica));
    }
    return list.commit();
}

Result<ReplicaId> Store::renew_identity(const ReplicaId& compromised, bool forked) {
    KIGUMI_TRY(auto txn, state_->env->begin_write());
    KIGUMI_TRY(const auto present, schema::replica(*txn));
    if (present && *present != compromised) return *present;
    if (present) return state_->renew(std::move(txn), *present, forked);
    KIGUMI_TRY(const ReplicaId fresh, state_->take_new_identity(*txn));
    KIGUMI_CHECK(txn->commit());
    return fresh;
}

}  // namespace kigumi
