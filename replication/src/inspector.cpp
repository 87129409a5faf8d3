#include "inspector.hpp"

#include <algorithm>

#include "big_endian.hpp"
#include "kigumi/crdt/path.hpp"
#include "row_record.hpp"

namespace kigumi {
namespace {

using check::Kind;
using check::Problem;
using kv::Table;

constexpr std::size_t kBucketBytes = 4;
constexpr std::size_t kLogKeyBytes = 16;

Problem problem(Kind kind, std::string_view place, RowKey at) {
    Problem found;
    found.kind = kind;
    found.place = place;
    found.at = std::move(at);
    return found;
}

}  // namespace

RowKey names_at(std::string_view place) {
    RowKey at;
    const std::size_t object = object_prefix(place);
    if (object == 0) return at;
    std::string_view rest = place;
    at.key = path::take_escaped(rest).value_or(std::string());
    at.type = type_of(static_cast<unsigned char>(place[object - 1])).value_or(Type::kRegister);
    at.path = place.substr(object);
    return at;
}

std::optional<Dot> log_dot(std::string_view key, const codec::OriginNames& origins) {
    if (key.size() != kLogKeyBytes) return std::nullopt;
    const ReplicaId* origin = origins.name_of(read_u32(key.substr(kBucketBytes)));
    const std::uint64_t counter = read_u64(key.substr(2 * kBucketBytes));
    if (origin == nullptr || counter == 0) return std::nullopt;
    return Dot{*origin, counter};
}

Result<KeyedRow> Inspector::decode(std::string_view place, std::string_view record) const {
    KIGUMI_TRY(KeyedRow keyed, decode_record(place, record, origins_));
    KIGUMI_CHECK(codec::check_row(keyed.at, keyed.row));
    if (keyed.row.empty()) return fail(ErrorCode::kCorrupt, "a stored row holds no write");
    return keyed;
}

Result<Inspector::Stored> Inspector::stored_at(std::string_view place) const {
    Stored stored;
    KIGUMI_TRY(const auto record,
               txn_.get(Table::kRows, schema::bucket_prefix(bucket_) + std::string(place)));
    if (!record) return stored;
    stored.there = true;
    if (auto keyed = decode(place, *record)) stored.row = std::move(*keyed);
    return stored;
}

Result<void> Inspector::look_at(Table table, const kv::Item& item,
                                std::vector<Problem>& problems) const {
    if (table == Table::kRows) {
        KIGUMI_CHECK(look_at_row(item, problems));
        return {};
    }
    if (table == Table::kLog) return look_at_log_entry(item, problems);
    if (table == Table::kClock) return look_at_clock_entry(item, problems);
    return look_at_removed_entry(item, problems);
}

Result<std::vector<Problem>> Inspector::look_for(Table table, std::string_view key) const {
    std::vector<Problem> problems;
    KIGUMI_TRY(const auto value, txn_.get(table, key));
    if (value) KIGUMI_CHECK(look_at(table, {key, *value}, problems));
    return problems;
}

Result<std::optional<KeyedRow>> Inspector::look_at_row(const kv::Item& item,
                                                       std::vector<Problem>& problems) const {
    const std::string_view place = item.key.substr(kBucketBytes);
    auto keyed = decode(place, item.value);
    if (!keyed) {
        problems.push_back(problem(Kind::kDamagedRecord, place, names_at(place)));
        return std::optional<KeyedRow>();
    }
    for (const Write& write : keyed->row) {
        if (version_.covers(write.dot)) continue;
        problems.push_back(problem(Kind::kUncoveredWrite, place, keyed->at));
        problems.back().dot = write.dot;
    }
    KIGUMI_CHECK(look_at_indexes(place, *keyed, problems));
    return std::optional<KeyedRow>(std::move(*keyed));
}

void Inspector::look_at_proofs(std::string_view bucket, const kv::Item& item,
                               std::vector<Problem>& problems) const {
    const std::string_view place = item.key.substr(kBucketBytes);
    // A damaged record is told of already.
    const auto keyed = decode(place, item.value);
    if (!keyed) return;
    for (const Write& write : keyed->row) {
        if (flaw_of(bucket, keyed->at, write) == Flaw::kNone) continue;
        problems.push_back(problem(Kind::kUnprovenWrite, place, keyed->at));
        problems.back().dot = write.dot;
    }
}

Result<void> Inspector::look_at_indexes(std::string_view place, const KeyedRow& keyed,
                                        std::vector<Problem>& problems) const {
    for (const Write& write : keyed.row) {
        const auto number = static_cast<std::uint32_t>(origins_.number_of(write.dot.origin));
        const std::string key = schema::log_key(bucket_, number, write.dot.counter);
        KIGUMI_TRY(const auto entry, txn_.get(Table::kLog, key));
        if (entry == place) continue;
        Stored other;
        if (entry) {
            KIGUMI_TRY(other, stored_at(*entry));
        }
        const bool elsewhere = other.holds(write.dot);
        problems.push_back(
            problem(elsewhere ? Kind::kWriteInTwoRows : Kind::kMissingLogEntry, place, keyed.at));
        problems.back().dot = write.dot;
        problems.back().entry = key;
    }
    if (!keyed.row.removed()) return {};
    KIGUMI_TRY(const auto entry,
               txn_.get(Table::kRemoved, schema::bucket_prefix(bucket_) + std::string(place)));
    if (!entry) problems.push_back(problem(Kind::kMissingRemovedEntry, place, keyed.at));
    return {};
}

Result<void> Inspector::look_at_log_entry(const kv::Item& item,
                                          std::vector<Problem>& problems) const {
    const std::string_view place = item.value;
    const auto dot = log_dot(item.key, origins_);
    KIGUMI_TRY(const Stored stored, stored_at(place));
    // A damaged row may hold the write; what is wrong is told where the row is.
    if (dot && stored.there && (!stored.row || stored.holds(*dot))) return {};
    const bool lost = !stored.there && dot && version_.covers(*dot);
    problems.push_back(
        problem(lost ? Kind::kLostRow : Kind::kStrayLogEntry, place, names_at(place)));
    problems.back().dot = dot;
    problems.back().entry = item.key;
    return {};
}

Result<void> Inspector::look_at_clock_entry(const kv::Item& item,
                                            std::vector<Problem>& problems) const {
    const auto entry = schema::read_clock_entry(item.value);
    const ReplicaId* const origin = origins_.name_of(read_u32(item.key.substr(kBucketBytes)));
    // A malformed one keeps the bucket from being read at all.
    if (!entry || origin == nullptr || entry->sound()) return {};
    problems.push_back(problem(Kind::kFloorAboveVersion, {}, {}));
    problems.back().dot = Dot{*origin, std::max(entry->floor, entry->horizon)};
    problems.back().entry = item.key;
    return {};
}

Result<void> Inspector::look_at_removed_entry(const kv::Item& item,
                                              std::vector<Problem>& problems) const {
    const std::string_view place = item.key.substr(kBucketBytes);
    KIGUMI_TRY(const Stored stored, stored_at(place));
    if (stored.there && (!stored.row || stored.row->row.removed())) return {};
    problems.push_back(problem(Kind::kStrayRemovedEntry, place, names_at(place)));
    return {};
}

}  // namespace kigumi
