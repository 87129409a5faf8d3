#include "chain.hpp"
#include "transaction_state.hpp"

/// Heads: what this store signs of its own history, and what it keeps of others'.
namespace kigumi {
namespace {

Result<std::optional<Head>> own_head(kv::ReadTxn& txn, schema::BucketId bucket,
                                     std::string_view name, std::uint32_t number,
                                     std::uint64_t counter) {
    if (counter == 0) return std::optional<Head>();
    KIGUMI_TRY(const auto hash, chain::hash_at(txn, bucket, number, counter));
    if (!hash) return std::optional<Head>();
    KIGUMI_TRY(const auto key, schema::signing_key(txn));
    if (!key) return std::optional<Head>();
    return std::optional<Head>(key->sign(name, counter, *hash));
}

}  // namespace

Result<std::optional<Head>> ReadTransaction::head(const ReplicaId& origin) {
    const auto number = state_->origins->find(origin);
    if (!number) return std::optional<Head>();
    KIGUMI_TRY(const auto self, schema::replica(*state_->txn));
    if (self == origin)
        return own_head(*state_->txn, state_->bucket, state_->name, *number, version()[origin]);
    KIGUMI_TRY(auto kept, chain::kept(*state_->txn, state_->bucket, *number));
    return std::move(kept.newest);
}

Result<bool> ReadTransaction::forked() {
    KIGUMI_TRY(const auto replicas, schema::forked(*state_->txn));
    return !replicas.empty();
}

Result<std::set<ReplicaId>> WriteTransaction::forked() { return schema::forked(*state_->txn); }

Result<void> WriteTransaction::keep_head(const ReplicaId& origin, const Head& head,
                                         bool confirmed) {
    State& state = *state_;
    if (origin == state.self || head.counter == 0 || head.counter > version()[origin]) return {};
    const auto number = static_cast<std::uint32_t>(state.origins.number_of(origin));
    KIGUMI_TRY(const bool kept, chain::keep(*state.txn, state.bucket, number, head, confirmed));
    state.dirty = state.dirty || kept;
    return {};
}

Result<HeadStanding> Store::check_head(std::string_view bucket, const Head& head) {
    KIGUMI_TRY(ReadTransaction snapshot, read(bucket));
    ReadTransaction::State& state = *snapshot.state_;
    KIGUMI_TRY(const auto self, schema::replica(*state.txn));
    if (head.counter == 0 || !self || signer_of(head) != *self) return HeadStanding::kForeign;
    const auto signed_as = [&](HeadStanding standing) {
        return is_sound(bucket, head) ? standing : HeadStanding::kForeign;
    };
    if (head.counter > snapshot.version()[*self]) return signed_as(HeadStanding::kAhead);
    const auto number = state.origins->find(*self);
    if (!number) return HeadStanding::kUnknown;
    KIGUMI_TRY(const auto hash, chain::hash_at(*state.txn, state.bucket, *number, head.counter));
    if (hash && *hash == head.hash) return HeadStanding::kOnChain;
    KIGUMI_TRY(const auto oldest, chain::oldest(*state.txn, state.bucket, *number));
    if (!oldest || head.counter < *oldest) return HeadStanding::kUnknown;
    return signed_as(HeadStanding::kForked);
}

Result<std::vector<Head>> Store::kept_heads(std::string_view bucket, const ReplicaId& origin) {
    KIGUMI_TRY(const ReadTransaction snapshot, read(bucket));
    std::vector<Head> heads;
    const auto number = snapshot.state_->origins->find(origin);
    if (!number) return heads;
    KIGUMI_TRY(auto kept, chain::kept(*snapshot.state_->txn, snapshot.state_->bucket, *number));
    if (kept.newest) heads.push_back(std::move(*kept.newest));
    if (kept.unconfirmed) heads.push_back(std::move(*kept.unconfirmed));
    return heads;
}

Result<void> Store::keep_head(std::string_view bucket, const ReplicaId& origin, const Head& head,
                              bool confirmed) {
    {
        KIGUMI_TRY(const auto kept, kept_heads(bucket, origin));
        if (!kept.empty() && kept.front().counter >= head.counter) return {};
    }
    KIGUMI_TRY(WriteTransaction tx, write(bucket));
    KIGUMI_CHECK(tx.keep_head(origin, head, confirmed));
    return tx.commit();
}

Result<void> Store::confirm_heads(std::string_view bucket, const ReplicaId& origin) {
    {
        KIGUMI_TRY(const auto kept, kept_heads(bucket, origin));
        if (kept.size() < 2) return {};
    }
    KIGUMI_TRY(WriteTransaction tx, write(bucket));
    WriteTransaction::State& state = *tx.state_;
    const auto number = static_cast<std::uint32_t>(state.origins.number_of(origin));
    KIGUMI_CHECK(chain::confirm(*state.txn, state.bucket, number));
    state.dirty = true;
    return tx.commit();
}

Result<void> Store::start_chain(std::string_view bucket) {
    KIGUMI_TRY(WriteTransaction tx, write(bucket));
    WriteTransaction::State& state = *tx.state_;
    const std::uint64_t counter = state.clock.version[state.self];
    KIGUMI_TRY(const auto key, schema::signing_key(*state.txn));
    if (counter == 0 || !key) return {};
    KIGUMI_CHECK(chain::start(*state.txn, state.owner(), counter));
    state.dirty = true;
    return tx.commit();
}

}  // namespace kigumi
