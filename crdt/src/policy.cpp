#include "kigumi/crdt/policy.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace kigumi {
namespace {

bool later(const Write& a, const Write& b) {
    return std::tie(a.time, a.dot) > std::tie(b.time, b.dot);
}

Tally baseline(const Row& row, const ReplicaId& origin) {
    Tally largest;
    for (const Write& write : row) {
        const auto* reset = std::get_if<Reset>(&write.payload);
        if (reset == nullptr) continue;
        const auto it = reset->seen.find(origin);
        if (it == reset->seen.end()) continue;
        largest.added = std::max(largest.added, it->second.added);
        largest.subtracted = std::max(largest.subtracted, it->second.subtracted);
    }
    return largest;
}

}  // namespace

const Write* last_write(const Row& row) {
    const auto it = std::min_element(row.begin(), row.end(), later);
    return it == row.end() ? nullptr : &*it;
}

std::vector<Sibling> siblings(const Row& row) {
    std::vector<Write> writes(row.begin(), row.end());
    std::sort(writes.begin(), writes.end(), later);
    std::vector<Sibling> all;
    for (Write& write : writes) {
        auto* value = std::get_if<Value>(&write.payload);
        all.push_back({write.dot, write.time, value == nullptr,
                       value == nullptr ? Value() : std::move(*value)});
    }
    return all;
}

bool any_present(const Row& row) { return !row.removed(); }

bool all_present(const Row& row) {
    return !row.empty() &&
           std::none_of(row.begin(), row.end(), [](const Write& write) { return write.removed(); });
}

bool in_conflict(const RowKey& at, const Row& row) {
    if (row.size() < 2 || at.type == Type::kRequest || leaf_type(at) == Type::kCounter)
        return false;
    return std::any_of(row.begin(), row.end(), [&row](const Write& write) {
        return !(write.payload == row.begin()->payload);
    });
}

std::int64_t count(const Row& row) {
    __extension__ using Wide = __int128;
    Wide sum = 0;
    for (const Write& write : row) {
        const auto* tally = std::get_if<Tally>(&write.payload);
        if (tally == nullptr) continue;
        const Tally taken = baseline(row, write.dot.origin);
        sum += static_cast<Wide>(tally->added) - static_cast<Wide>(taken.added);
        sum -= static_cast<Wide>(tally->subtracted) - static_cast<Wide>(taken.subtracted);
    }
    constexpr Wide kLow = std::numeric_limits<std::int64_t>::min();
    constexpr Wide kHigh = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::clamp(sum, kLow, kHigh));
}

bool counted(const Row& row) {
    return std::any_of(row.begin(), row.end(), [&row](const Write& write) {
        const auto* tally = std::get_if<Tally>(&write.payload);
        return tally != nullptr && !(*tally == baseline(row, write.dot.origin));
    });
}

std::size_t executions(const Row& row) {
    return static_cast<std::size_t>(
        std::count_if(row.begin(), row.end(), [](const Write& write) { return !write.removed(); }));
}

bool present(const RowKey& at, const Row& row) {
    switch (leaf_type(at)) {
        case Type::kCounter:
            return counted(row);
        case Type::kRegister: {
            const Write* last = last_write(row);
            return last != nullptr && !last->removed();
        }
        case Type::kRequest:
            return false;
        default:
            return any_present(row);
    }
}

}  // namespace kigumi
