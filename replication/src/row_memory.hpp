#pragma once

#include "kigumi/replication/batch.hpp"

namespace kigumi {

/// About how many bytes of memory a row takes, with all that it points to. For rows of small
/// elements that is many times what they take on the wire. O(elements).
std::size_t memory_of(const KeyedRow& row);
std::size_t memory_of(const std::vector<KeyedRow>& rows);

}  // namespace kigumi
