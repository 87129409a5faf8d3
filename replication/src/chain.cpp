#include "chain.hpp"

#include <sodium/crypto_generichash.h>

#include <algorithm>

#include "big_endian.hpp"
#include "kigumi/crdt/defect.hpp"
#include "signatures.hpp"

namespace kigumi::chain {
namespace {

using kv::Table;

constexpr std::string_view kStartContext = "kigumi-chain0";
constexpr std::string_view kEntryContext = "kigumi-chain1";
/// Entries are erased by so many, each time that twice as many transactions were added: a commit
/// pays for less than one.
constexpr std::uint64_t kSweepEvery = 16;
constexpr std::uint64_t kSweepEntries = 2 * kSweepEvery;
constexpr std::size_t kPrefixSize = 8;
constexpr std::size_t kEntryKeySize = kPrefixSize + 8;
constexpr std::size_t kEntrySize = Head::kHashSize + 8;
constexpr std::size_t kHeadSize = 8 + Head::kHashSize + Proof::kSize;
/// Behind the prefix, in the keys of heads of others. Counters are far below 2^56, so that these
/// come after the entries.
constexpr char kNewest = 'n';
constexpr char kUnconfirmed = 'u';

std::string prefix_of(schema::BucketId bucket, std::uint32_t origin) {
    std::string key = schema::bucket_prefix(bucket);
    append_u32(key, origin);
    return key;
}

std::string entry_key(schema::BucketId bucket, std::uint32_t origin, std::uint64_t counter) {
    std::string key = prefix_of(bucket, origin);
    append_u64(key, counter);
    return key;
}

Head::Hash hash(std::string_view bytes) {
    Head::Hash out{};
    crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                       bytes.size(), nullptr, 0);
    return out;
}

std::string_view view(const Head::Hash& hash) {
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

void append_sized(std::string& out, std::string_view part) {
    append_u32(out, static_cast<std::uint32_t>(part.size()));
    out += part;
}

/// An entry: the hash, and how many transactions came before it. The second tells how long the
/// chain is without counting it.
struct Entry {
    Head::Hash hash{};
    std::uint64_t number = 0;
};

Result<std::optional<Entry>> read_entry(std::string_view bytes) {
    if (bytes.size() != kEntrySize)
        return fail(ErrorCode::kCorrupt,
                    "a stored hash of transactions is malformed; restore from a peer");
    Entry entry;
    std::copy_n(bytes.begin(), Head::kHashSize, entry.hash.begin());
    entry.number = read_u64(bytes.substr(Head::kHashSize));
    return std::optional<Entry>(entry);
}

Result<std::optional<Entry>> entry_at(kv::ReadTxn& txn, const std::string& key) {
    KIGUMI_TRY(const auto stored, txn.get(Table::kHeads, key));
    if (!stored) return std::optional<Entry>();
    return read_entry(*stored);
}

Result<void> put_entry(kv::WriteTxn& txn, const std::string& key, const Entry& entry) {
    std::string value(view(entry.hash));
    append_u64(value, entry.number);
    return txn.put(Table::kHeads, key, value);
}

bool is_entry(const std::optional<kv::Item>& item, std::string_view prefix) {
    return item && item->key.size() == kEntryKeySize && item->key.starts_with(prefix);
}

/// Erases up to so many of the oldest entries that are too old at the transaction `number`.
Result<void> sweep(kv::WriteTxn& txn, const std::string& prefix, std::uint64_t number) {
    if (number % kSweepEvery != 0 || number < kKeptTransactions) return {};
    std::vector<std::string> old;
    {
        KIGUMI_TRY(const auto cursor, txn.cursor(Table::kHeads));
        KIGUMI_TRY(auto item, cursor->seek(prefix));
        while (is_entry(item, prefix) && old.size() < kSweepEntries) {
            KIGUMI_TRY(const auto entry, read_entry(item->value));
            if (number - entry->number < kKeptTransactions) break;
            old.emplace_back(item->key);
            KIGUMI_TRY(item, cursor->next());
        }
    }
    for (const std::string& key : old) KIGUMI_CHECK(txn.erase(Table::kHeads, key));
    return {};
}

Entry first_entry(const Owner& owner, std::uint64_t counter) {
    std::string text(kStartContext);
    append_sized(text, owner.bucket_name);
    text += owner.replica.bytes();
    append_u64(text, counter);
    // A number that no entry of an earlier chain can have reached.
    return {hash(text), counter};
}

std::string head_key(schema::BucketId bucket, std::uint32_t origin, char which) {
    return prefix_of(bucket, origin) + which;
}

Result<std::optional<Head>> head_at(kv::ReadTxn& txn, const std::string& key) {
    KIGUMI_TRY(const auto stored, txn.get(Table::kHeads, key));
    if (!stored) return std::optional<Head>();
    if (stored->size() != kHeadSize)
        return fail(ErrorCode::kCorrupt, "a stored head is malformed; restore from a peer");
    Head head;
    head.counter = read_u64(*stored);
    std::copy_n(stored->begin() + 8, Head::kHashSize, head.hash.begin());
    head.proof = *Proof::from_bytes(stored->substr(8 + Head::kHashSize));
    return std::optional<Head>(std::move(head));
}

Result<void> put_head(kv::WriteTxn& txn, const std::string& key, const Head& head) {
    std::string value;
    append_u64(value, head.counter);
    value += head.hash_bytes();
    value += head.proof.bytes();
    return txn.put(Table::kHeads, key, value);
}

}  // namespace

void Content::add(std::string_view place, const Write& write) {
    std::string text(bytes());
    append_sized(text, place);
    append_u64(text, write.dot.counter);
    append_u64(text, write.time.bits);
    text += content_of(write.payload);
    hash_ = hash(text);
    empty_ = false;
}

Result<void> extend(kv::WriteTxn& txn, const Owner& owner, std::uint64_t previous,
                    std::uint64_t counter, const Content& content) {
    const std::string before_key = entry_key(owner.bucket, owner.origin, previous);
    KIGUMI_TRY(auto before, entry_at(txn, before_key));
    if (!before) {
        before = first_entry(owner, previous);
        KIGUMI_CHECK(put_entry(txn, before_key, *before));
    }
    std::string text(kEntryContext);
    text += view(before->hash);
    append_sized(text, owner.bucket_name);
    text += owner.replica.bytes();
    append_u64(text, counter);
    text += content.bytes();
    const Entry entry{hash(text), before->number + 1};
    KIGUMI_CHECK(put_entry(txn, entry_key(owner.bucket, owner.origin, counter), entry));
    return sweep(txn, prefix_of(owner.bucket, owner.origin), entry.number);
}

Result<void> start(kv::WriteTxn& txn, const Owner& owner, std::uint64_t counter) {
    const std::string key = entry_key(owner.bucket, owner.origin, counter);
    KIGUMI_TRY(const auto present, entry_at(txn, key));
    if (present) return {};
    return put_entry(txn, key, first_entry(owner, counter));
}

Result<std::optional<Head::Hash>> hash_at(kv::ReadTxn& txn, schema::BucketId bucket,
                                          std::uint32_t origin, std::uint64_t counter) {
    KIGUMI_TRY(const auto entry, entry_at(txn, entry_key(bucket, origin, counter)));
    if (!entry) return std::optional<Head::Hash>();
    return std::optional<Head::Hash>(entry->hash);
}

Result<std::optional<std::uint64_t>> oldest(kv::ReadTxn& txn, schema::BucketId bucket,
                                            std::uint32_t origin) {
    const std::string prefix = prefix_of(bucket, origin);
    KIGUMI_TRY(const auto cursor, txn.cursor(Table::kHeads));
    KIGUMI_TRY(const auto item, cursor->seek(prefix));
    if (!is_entry(item, prefix)) return std::optional<std::uint64_t>();
    return std::optional<std::uint64_t>(read_u64(item->key.substr(kPrefixSize)));
}

Result<void> erase(kv::WriteTxn& txn, schema::BucketId bucket, std::uint32_t origin) {
    const std::string prefix = prefix_of(bucket, origin);
    constexpr std::size_t kAtOnce = 1'024;
    for (;;) {
        std::vector<std::string> keys;
        {
            KIGUMI_TRY(const auto cursor, txn.cursor(Table::kHeads));
            KIGUMI_TRY(auto item, cursor->seek(prefix));
            while (is_entry(item, prefix) && keys.size() < kAtOnce) {
                keys.emplace_back(item->key);
                KIGUMI_TRY(item, cursor->next());
            }
        }
        if (keys.empty()) return {};
        for (const std::string& key : keys) KIGUMI_CHECK(txn.erase(Table::kHeads, key));
    }
}

Result<Kept> kept(kv::ReadTxn& txn, schema::BucketId bucket, std::uint32_t origin) {
    Kept kept;
    KIGUMI_TRY(kept.newest, head_at(txn, head_key(bucket, origin, kNewest)));
    KIGUMI_TRY(kept.unconfirmed, head_at(txn, head_key(bucket, origin, kUnconfirmed)));
    return kept;
}

Result<bool> keep(kv::WriteTxn& txn, schema::BucketId bucket, std::uint32_t origin,
                  const Head& head, bool confirmed) {
    if (KIGUMI_DEFECT(kHeadNotKept)) return false;
    KIGUMI_TRY(const Kept present, kept(txn, bucket, origin));
    if (present.newest && present.newest->counter > head.counter) return false;
    if (present.newest && present.newest->counter == head.counter) {
        // The same event with two histories. Both are shown to their origin.
        if (present.newest->hash == head.hash || present.unconfirmed) return false;
        KIGUMI_CHECK(put_head(txn, head_key(bucket, origin, kUnconfirmed), head));
        return true;
    }
    if (present.newest && !confirmed && !present.unconfirmed)
        KIGUMI_CHECK(put_head(txn, head_key(bucket, origin, kUnconfirmed), *present.newest));
    KIGUMI_CHECK(put_head(txn, head_key(bucket, origin, kNewest), head));
    return true;
}

Result<void> confirm(kv::WriteTxn& txn, schema::BucketId bucket, std::uint32_t origin) {
    return txn.erase(Table::kHeads, head_key(bucket, origin, kUnconfirmed));
}

}  // namespace kigumi::chain
