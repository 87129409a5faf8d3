#include "recent_changes.hpp"

#include <algorithm>

#include "big_endian.hpp"
#include "store_state.hpp"

namespace kigumi {
namespace recent {
namespace {

using kv::Table;

constexpr std::string_view kKey = "recent";
constexpr std::size_t kNumberBytes = 8;
/// The list: longer values would take pages of their own.
constexpr std::size_t kMaxBytes = 1'024;

struct Entry {
    std::uint64_t number = 0;
    std::string_view bucket;
    std::string_view bytes;  ///< of the entry
};

/// The first entry of a list, and the list behind it; false at its end, and where it is malformed.
bool take_entry(std::string_view& list, Entry& entry) {
    if (list.size() < kNumberBytes + 1) return false;
    const auto size = static_cast<unsigned char>(list[kNumberBytes]);
    const std::size_t bytes = kNumberBytes + 1 + size;
    if (list.size() < bytes) return false;
    entry = {read_u64(list), list.substr(kNumberBytes + 1, size), list.substr(0, bytes)};
    list.remove_prefix(bytes);
    return true;
}

/// What is stored: the number of the newest commit whose entry was cut off, and the list.
std::uint64_t take_cut(std::string_view& stored) {
    if (stored.size() < kNumberBytes) return 0;
    const std::uint64_t cut = read_u64(stored);
    stored.remove_prefix(kNumberBytes);
    return cut;
}

}  // namespace

Result<void> note(kv::WriteTxn& txn, std::string_view bucket) {
    KIGUMI_TRY(const auto stored, txn.get(Table::kMeta, kKey));
    std::string_view list = stored.value_or(std::string_view());
    std::uint64_t cut = take_cut(list);
    Entry entry;
    std::string_view rest = list;
    const std::uint64_t last = take_entry(rest, entry) ? entry.number : cut;
    std::string fresh;
    append_u64(fresh, last + 1);
    fresh.push_back(static_cast<char>(bucket.size()));
    fresh += bucket;
    while (take_entry(list, entry)) {
        if (entry.bucket == bucket) continue;
        if (fresh.size() + entry.bytes.size() > kMaxBytes) {
            cut = std::max(cut, entry.number);
            break;
        }
        fresh += entry.bytes;
    }
    std::string record;
    append_u64(record, cut);
    return txn.put(Table::kMeta, kKey, record + fresh);
}

Result<RecentChanges> since(kv::ReadTxn& txn, std::uint64_t number) {
    RecentChanges changes;
    KIGUMI_TRY(const auto stored, txn.get(Table::kMeta, kKey));
    std::string_view list = stored.value_or(std::string_view());
    const std::uint64_t cut = take_cut(list);
    changes.last = cut;
    for (Entry entry; take_entry(list, entry);) {
        changes.last = std::max(changes.last, entry.number);
        if (entry.number <= number) break;
        changes.buckets.emplace_back(entry.bucket);
    }
    changes.complete = cut <= number && number <= changes.last;
    return changes;
}

}  // namespace recent

Result<RecentChanges> Store::changes_since(std::uint64_t number) {
    KIGUMI_TRY(const auto txn, state_->env->begin_read());
    return recent::since(*txn, number);
}

}  // namespace kigumi
