#include "origin_table.hpp"

#include "big_endian.hpp"

namespace kigumi {
namespace {

std::string key_of(std::uint32_t number) {
    std::string key;
    append_u32(key, number);
    return key;
}

}  // namespace

std::optional<std::uint32_t> OriginTable::find(const ReplicaId& origin) const {
    const auto it = numbers_.find(origin);
    if (it == numbers_.end()) return std::nullopt;
    return it->second;
}

std::uint32_t OriginTable::add(const ReplicaId& origin) {
    const std::uint32_t number = size();
    names_.push_back(origin);
    numbers_.emplace(origin, number);
    return number;
}

Result<void> OriginTable::catch_up(kv::ReadTxn& txn) {
    for (;;) {
        KIGUMI_TRY(const auto stored, txn.get(kv::Table::kOrigins, key_of(size())));
        if (!stored) return {};
        const auto origin = ReplicaId::from_bytes(*stored);
        if (!origin)
            return fail(ErrorCode::kCorrupt,
                        "a stored replica id is malformed; restore from a peer");
        add(*origin);
    }
}

Result<std::shared_ptr<const OriginTable>> OriginCache::load(kv::ReadTxn& txn, bool committed) {
    std::shared_ptr<const OriginTable> known;
    {
        const std::lock_guard lock(mutex_);
        known = last_;
    }
    KIGUMI_TRY(const auto beyond, txn.get(kv::Table::kOrigins, key_of(known->size())));
    KIGUMI_TRY(const auto within, known->size() == 0
                                      ? Result<std::optional<std::string_view>>(std::string_view())
                                      : txn.get(kv::Table::kOrigins, key_of(known->size() - 1)));
    if (!beyond && within) return known;
    // A longer table, or an older snapshot than the one that was kept: read what this one holds.
    auto table = within ? std::make_shared<OriginTable>(*known) : std::make_shared<OriginTable>();
    KIGUMI_CHECK(table->catch_up(txn));
    if (committed && table->size() > known->size()) {
        const std::lock_guard lock(mutex_);
        if (table->size() > last_->size()) last_ = table;
    }
    return std::shared_ptr<const OriginTable>(std::move(table));
}

std::uint64_t GrowingOrigins::number_of(const ReplicaId& origin) {
    if (const auto number = known_->find(origin)) return *number;
    if (!own_) known_ = own_ = std::make_shared<OriginTable>(*known_);
    return own_->add(origin);
}

Result<void> GrowingOrigins::save(kv::WriteTxn& txn) {
    for (; saved_ < known_->size(); ++saved_)
        KIGUMI_CHECK(
            txn.put(kv::Table::kOrigins, key_of(saved_), known_->name_of(saved_)->bytes()));
    return {};
}

}  // namespace kigumi
