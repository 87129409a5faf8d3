#include "kigumi/clocks/replica_id.hpp"

#include <cstring>

namespace kigumi {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::optional<ReplicaId> ReplicaId::from_bytes(std::string_view raw) {
    if (raw.size() != kSize) return std::nullopt;
    Bytes bytes;
    std::memcpy(bytes.data(), raw.data(), kSize);
    return ReplicaId(bytes);
}

std::optional<ReplicaId> ReplicaId::from_hex(std::string_view hex) {
    if (hex.size() != 2 * kSize) return std::nullopt;
    Bytes bytes;
    for (std::size_t i = 0; i < kSize; ++i) {
        const int high = digit(hex[2 * i]);
        const int low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return ReplicaId(bytes);
}

std::string_view ReplicaId::bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), kSize};
}

std::string ReplicaId::hex() const {
    std::string out;
    out.reserve(2 * kSize);
    for (const std::uint8_t byte : bytes_) {
        out.push_back(kDigits[byte >> 4]);
        out.push_back(kDigits[byte & 15]);
    }
    return out;
}

}  // namespace kigumi
