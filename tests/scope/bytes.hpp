#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kigumi/clocks/version_vector.hpp"

/// Bytes that say all about a thing, so that equal bytes mean equal things.
namespace kigumi::scope {

inline void append(std::string& out, std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) out.push_back(static_cast<char>(number | 0x80));
    out.push_back(static_cast<char>(number));
}

inline void append(std::string& out, std::string_view bytes) {
    append(out, bytes.size());
    out += bytes;
}

inline void append(std::string& out, const VersionVector& version) {
    append(out, version.size());
    for (const auto& [origin, counter] : version) {
        out += origin.bytes();
        append(out, counter);
    }
}

inline void append(std::string& out, const std::vector<std::uint32_t>& numbers) {
    append(out, numbers.size());
    for (const std::uint32_t number : numbers) append(out, std::uint64_t{number});
}

}  // namespace kigumi::scope
