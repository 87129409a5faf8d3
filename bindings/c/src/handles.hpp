#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "boundary.hpp"
#include "kigumi/replication/store.hpp"
#include "values.hpp"

/// What stands behind the opaque handles.
namespace kigumi::c {

/// The first member of every handle, so that a handle of another kind, or one that was closed, is
/// most probably found out.
enum class Mark : std::uint32_t {
    kClosed = 0,
    kStore = 0x4B533031,
    kTransaction,
    kCursor,
    kWatch,
    kNode,
    kToken,
};

/// Holds on to a store: it cannot be closed meanwhile.
class StoreUse {
  public:
    explicit StoreUse(kigumi_store& store);
    ~StoreUse();
    StoreUse(const StoreUse&) = delete;
    StoreUse& operator=(const StoreUse&) = delete;

    Store& operator*() const;
    Store* operator->() const { return &**this; }

  private:
    kigumi_store& store_;
};

/// A transaction, shared by its handle and its cursors.
struct Transaction {
    explicit Transaction(kigumi_store& store) : store(store) {}

    // In this order: a transaction ends before its store may be closed.
    StoreUse store;
    std::optional<ReadTransaction> reading;
    std::optional<WriteTransaction> writing;
    /// What a session has seen that committed this.
    std::optional<SessionToken> committed;
    /// A write failed or threw half-way: what there is may be a part of what was meant.
    bool broken = false;

    // What the last call has lent out.
    Value value;
    SiblingList siblings;
    Arena arena;
};

}  // namespace kigumi::c

struct kigumi_store {
    kigumi::c::Mark mark = kigumi::c::Mark::kStore;
    std::unique_ptr<kigumi::Store> store;
    std::string directory;
    std::atomic<std::size_t> uses = 0;
};

struct kigumi_txn {
    kigumi::c::Mark mark = kigumi::c::Mark::kTransaction;
    std::shared_ptr<kigumi::c::Transaction> transaction;
};

namespace kigumi::c {

template <class Handle>
struct Kind;
template <>
struct Kind<kigumi_store> {
    static constexpr Mark kMark = Mark::kStore;
    static constexpr const char* kName = "store";
};
template <>
struct Kind<kigumi_txn> {
    static constexpr Mark kMark = Mark::kTransaction;
    static constexpr const char* kName = "transaction";
};

/// Fails if the handle is null, closed or of another kind.
template <class Handle>
Result<void> check(const Handle* handle) {
    if (handle != nullptr && handle->mark == Kind<Handle>::kMark) return {};
    return fail(ErrorCode::kInvalidArgument,
                "the " + std::string(Kind<Handle>::kName) +
                    (handle == nullptr ? " is null; open one first" : " was closed, or is none"));
}

/// Deletes a handle; does nothing for null.
template <class Handle>
void destroy(Handle* handle) noexcept {
    if (handle == nullptr) return;
    handle->mark = Mark::kClosed;
    delete handle;
}

inline std::string_view bucket_of(const char* name) {
    return name == nullptr ? kDefaultBucket : std::string_view(name);
}

inline tl::unexpected<Error> ended() {
    return fail(ErrorCode::kInvalidArgument, "the transaction has ended; open another one");
}

/// Runs `body(space)`, which returns a Result<void>, on a transaction of either kind.
template <class Body>
Result<void> with_space(Transaction& transaction, Body&& body) {
    if (transaction.reading) return body(*transaction.reading);
    if (transaction.writing) return body(*transaction.writing);
    return ended();
}

/// The body of an entry that reads. What the call before has lent out is over.
template <class Body>
kigumi_status read(kigumi_txn* txn, Body&& body) noexcept {
    return guard([&]() -> Result<void> {
        KIGUMI_CHECK(check(txn));
        Transaction& transaction = *txn->transaction;
        return with_space(transaction, [&](auto& space) { return body(space, transaction); });
    });
}

/// The body of an entry that writes.
template <class Body>
kigumi_status write(kigumi_txn* txn, Body&& body) noexcept {
    return guard([&]() -> Result<void> {
        KIGUMI_CHECK(check(txn));
        Transaction& transaction = *txn->transaction;
        if (transaction.reading)
            return fail(ErrorCode::kInvalidArgument,
                        "this transaction only reads; open one with kigumi_write_open");
        if (!transaction.writing) return ended();
        const bool before = std::exchange(transaction.broken, true);
        Result<void> outcome = body(*transaction.writing);
        // What is wrong with an argument is found out before anything is written.
        const bool whole = outcome || outcome.error().code == ErrorCode::kInvalidArgument;
        if (whole) transaction.broken = before;
        return outcome;
    });
}

}  // namespace kigumi::c
