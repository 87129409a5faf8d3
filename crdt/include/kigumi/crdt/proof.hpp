#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace kigumi {

/// Shows that a write is its origin's: an Ed25519 public key and a signature, opaque here. Writes
/// in signed buckets bear one (`Store::sign_bucket`), all others have none, and then it is no more
/// than a null pointer. Copies share the bytes. Not part of what a write means: the join never
/// looks at it.
class Proof {
  public:
    static constexpr std::size_t kSize = 96;
    using Bytes = std::array<std::uint8_t, kSize>;

    Proof() = default;
    explicit Proof(const Bytes& bytes) : bytes_(std::make_shared<const Bytes>(bytes)) {}

    /// The proof held in exactly 96 raw bytes; nothing for any other length.
    static std::optional<Proof> from_bytes(std::string_view raw) {
        if (raw.size() != kSize) return std::nullopt;
        Bytes bytes{};
        for (std::size_t i = 0; i < kSize; ++i) bytes[i] = static_cast<std::uint8_t>(raw[i]);
        return Proof(bytes);
    }

    bool empty() const { return bytes_ == nullptr; }
    /// The 96 raw bytes, valid as long as this object or a copy; empty if there are none.
    std::string_view bytes() const {
        if (empty()) return {};
        return {reinterpret_cast<const char*>(bytes_->data()), kSize};
    }

    bool operator==(const Proof& other) const { return bytes() == other.bytes(); }

  private:
    std::shared_ptr<const Bytes> bytes_;
};

}  // namespace kigumi
