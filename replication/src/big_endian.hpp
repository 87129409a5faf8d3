#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Fixed-width integers that sort as bytes.
namespace kigumi {

inline void append_u32(std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

inline void append_u64(std::string& out, std::uint64_t value) {
    append_u32(out, static_cast<std::uint32_t>(value >> 32));
    append_u32(out, static_cast<std::uint32_t>(value));
}

/// The first 4 (8) bytes as a number; missing bytes count as 0.
inline std::uint32_t read_u32(std::string_view raw) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = value << 8 | (i < raw.size() ? static_cast<unsigned char>(raw[i]) : 0U);
    return value;
}

inline std::uint64_t read_u64(std::string_view raw) {
    return std::uint64_t{read_u32(raw)} << 32 |
           read_u32(raw.substr(std::min<std::size_t>(4, raw.size())));
}

}  // namespace kigumi
