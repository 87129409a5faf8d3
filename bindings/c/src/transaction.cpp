#include "patience.hpp"
#include "token.hpp"

using namespace kigumi;

namespace {

/// Makes the handle first: what has begun must not be lost for want of memory.
std::unique_ptr<kigumi_txn> make_handle(kigumi_store& store) {
    auto handle = std::make_unique<kigumi_txn>();
    handle->transaction = std::make_shared<c::Transaction>(store);
    return handle;
}

}  // namespace

kigumi_status kigumi_read_open(kigumi_store* store, const char* bucket, kigumi_txn** txn) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        KIGUMI_CHECK(c::require(txn, "txn"));
        auto handle = make_handle(*store);
        KIGUMI_TRY(auto begun, store->store->read(c::bucket_of(bucket)));
        handle->transaction->reading.emplace(std::move(begun));
        *txn = handle.release();
        return {};
    });
}

kigumi_status kigumi_read_open_at_least(kigumi_store* store, const char* bucket,
                                        const kigumi_token* token, int64_t timeout_ms,
                                        kigumi_txn** txn) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        KIGUMI_CHECK(c::check(token));
        KIGUMI_CHECK(c::require(txn, "txn"));
        auto handle = make_handle(*store);
        KIGUMI_TRY(auto begun, store->store->read_at_least(token->seen, c::bucket_of(bucket),
                                                           c::patience(timeout_ms)));
        handle->transaction->reading.emplace(std::move(begun));
        *txn = handle.release();
        return {};
    });
}

kigumi_status kigumi_write_open(kigumi_store* store, const char* bucket, kigumi_txn** txn) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        KIGUMI_CHECK(c::require(txn, "txn"));
        auto handle = make_handle(*store);
        KIGUMI_TRY(auto begun, store->store->write(c::bucket_of(bucket)));
        handle->transaction->writing.emplace(std::move(begun));
        *txn = handle.release();
        return {};
    });
}

kigumi_status kigumi_txn_commit(kigumi_txn* txn) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(txn));
        c::Transaction& transaction = *txn->transaction;
        if (transaction.reading)
            return fail(ErrorCode::kInvalidArgument,
                        "this transaction only reads; there is nothing to commit, close it");
        if (!transaction.writing) return c::ended();
        // It ends here, however that goes.
        WriteTransaction writing = std::move(*transaction.writing);
        transaction.writing.reset();
        if (transaction.broken)
            return fail(ErrorCode::kInvalidArgument,
                        "a write of this transaction failed before, so nothing of it was kept; "
                        "begin again");
        SessionToken seen = writing.token();
        KIGUMI_CHECK(writing.commit());
        transaction.committed = std::move(seen);
        return {};
    });
}

void kigumi_txn_close(kigumi_txn* txn) {
    if (txn == nullptr) return;
    // Cursors may live longer than that: to them it has ended.
    txn->transaction->reading.reset();
    txn->transaction->writing.reset();
    c::destroy(txn);
}
