#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <string_view>

#include "kigumi/replication/store.hpp"

namespace kigumi {

/// The longest line that `load` reads.
inline constexpr std::size_t kMaxLoadLine = std::size_t{2} << 20;

struct LoadProgress {
    std::uint64_t lines = 0;  ///< objects that are written and durable
    std::uint64_t bytes = 0;  ///< of input that has been read
};

/// Writes the objects that a stream of JSON lines describes, such as
/// `{"key":"cart","type":"set","value":["milk","eggs"]}`, and returns how many lines that were.
///
/// | type | value | effect |
/// |---|---|---|
/// | register | any JSON | is assigned |
/// | counter | an integer | is added |
/// | set | an array | its items are added |
/// | map | an object | its members are assigned as registers |
/// | flag | true or false | is enabled or disabled |
///
/// Lines are written in transactions of up to 1,000, each on disk before the next is begun and
/// before `progress` is called. At the first bad line nothing of its transaction is kept; the error
/// names the line, the reason, and what was kept. Blank lines are skipped. The stream may be
/// anything: memory is bounded by a multiple of the longest line.
Result<std::uint64_t> load_lines(Store& store, std::string_view bucket, std::istream& in,
                                 const std::function<void(const LoadProgress&)>& progress = {});

}  // namespace kigumi
