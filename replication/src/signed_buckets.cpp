#include "kigumi/crdt/json.hpp"
#include "transaction_state.hpp"

/// Buckets whose writes bear proofs of their origin.
namespace kigumi {
namespace {

/// Why a bucket with such a write cannot become signed.
tl::unexpected<Error> not_all_proven(std::string_view bucket, const Error& error) {
    return fail(ErrorCode::kInvalidArgument,
                error.message +
                    "; a bucket becomes signed before it is written to: choose another "
                    "name than " +
                    json_string(bucket) + ", or begin with an empty data directory");
}

}  // namespace

Result<bool> Store::is_signed(std::string_view bucket) {
    KIGUMI_TRY(const auto txn, state_->env->begin_read());
    return schema::is_signed(*txn, bucket);
}

Result<void> Store::sign_bucket(std::string_view bucket) {
    {
        KIGUMI_TRY(const bool already, is_signed(bucket));
        if (already) return {};
    }
    KIGUMI_TRY(WriteTransaction tx, write(bucket));
    if (tx.folding())
        return fail(ErrorCode::kBusy, "what a pull brought is being folded into bucket " +
                                          json_string(bucket) + "; try again in a minute");
    Result<void> proven;
    KIGUMI_CHECK(tx.scan({}, [&](const RowKey& at, const Row& row) {
        for (const Write& write : row)
            if (proven) proven = check_proof(bucket, at, write);
        return proven.has_value();
    }));
    if (!proven) return not_all_proven(bucket, proven.error());
    // Whoever staged them has not looked at proofs.
    KIGUMI_CHECK(tx.clear_staged(~std::size_t{0}));
    WriteTransaction::State& state = *tx.state_;
    KIGUMI_TRY(const auto key, schema::signing_key(*state.txn));
    if (!key) KIGUMI_CHECK(state.store.take_new_identity(*state.txn));
    KIGUMI_CHECK(schema::put_signed(*state.txn, bucket));
    state.proven = state.dirty = true;
    return tx.commit();
}

Result<bool> Store::check_proofs(std::string_view bucket, const std::vector<KeyedRow>& rows) {
    {
        KIGUMI_TRY(const bool looked_at, is_signed(bucket));
        if (!looked_at) return false;
    }
    KIGUMI_TRY(ReadTransaction snapshot, read(bucket));
    for (const auto& [at, row] : rows) {
        std::optional<Row> ours;
        for (const Write& write : row) {
            if (snapshot.version().covers(write.dot)) {
                // One that cannot be read here may be replaced by what comes.
                if (!ours) ours = snapshot.get(at).value_or(Row());
                const Write* const known = ours->find(write.dot);
                if (known != nullptr && *known == write) continue;
            }
            const ProofDigest digest = proof_digest(bucket, at, write);
            if (state_->checked_proofs.contains(digest)) continue;
            KIGUMI_CHECK(check_proof(bucket, at, write));
            state_->checked_proofs.add(digest);
        }
    }
    return true;
}

Result<void> WriteTransaction::expect_checked(bool as_signed) const {
    if (as_signed || !state_->is_signed) return {};
    return fail(ErrorCode::kBusy,
                "the bucket has become signed meanwhile; what came before that "
                "is asked for again");
}

Result<void> WriteTransaction::State::sign(const RowKey& at, const Row& before_row, Row& after) {
    std::vector<Write> fresh;
    for (const Write& write : after)
        if (write.dot.origin == self && before_row.find(write.dot) == nullptr)
            fresh.push_back(write);
    if (fresh.empty()) return {};
    if (!key) {
        KIGUMI_TRY(key, schema::signing_key(*txn));
    }
    if (!key)
        return fail(ErrorCode::kUnsupported,
                    "bucket " + json_string(name) +
                        " is signed, and this store's identity has no key to sign with; restore "
                        "the store from a backup, which makes a new one");
    for (Write& write : fresh) {
        write.proof = key->prove(name, at, write);
        after.insert(std::move(write));
    }
    return {};
}

}  // namespace kigumi
