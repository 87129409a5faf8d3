#include "table_stamps.hpp"

namespace kigumi::kv {
namespace {

constexpr unsigned kNumberBits = 48;

std::uint64_t stamp_of(std::uint64_t number, std::uint64_t failures) {
    return (failures << kNumberBits) + number;
}

}  // namespace

std::uint64_t TableStamps::failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
}

std::uint64_t TableStamps::at(Table table, std::uint64_t number, std::uint64_t failures) const {
    const std::lock_guard lock(mutex_);
    const bool known = number == last_ && failures == failures_;
    return stamp_of(known ? since_[index_of(table)] : number, failures);
}

void TableStamps::committed(std::uint64_t number, TableSet changed) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < kTables; ++i)
        if (changed[i] || number != last_ + 1) since_[i] = number;
    last_ = number;
}

void TableStamps::failed() {
    const std::lock_guard lock(mutex_);
    ++failures_;
    last_ = kNone;
}

}  // namespace kigumi::kv
