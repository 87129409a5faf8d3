#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kigumi/clocks/export.hpp"

namespace kigumi {

/// The identity of one writer: 16 random bytes, made when an environment is created.
///
/// Two writers must never share an id, so ids are random and never derived from a name or an
/// address: they are the hash of a random public key, by which a writer can prove to be meant. The
/// all-zero id names nobody. The order is by bytes; it breaks ties, it is not causal.
class KIGUMI_API ReplicaId {
  public:
    static constexpr std::size_t kSize = 16;
    using Bytes = std::array<std::uint8_t, kSize>;

    constexpr ReplicaId() = default;
    explicit constexpr ReplicaId(const Bytes& bytes) : bytes_(bytes) {}

    /// The id held in exactly 16 raw bytes; nothing for any other length.
    static std::optional<ReplicaId> from_bytes(std::string_view raw);
    /// The id written as 32 hexadecimal digits; nothing for anything else.
    static std::optional<ReplicaId> from_hex(std::string_view hex);

    /// The 16 raw bytes, valid as long as this object.
    std::string_view bytes() const;
    /// 32 lower-case hexadecimal digits.
    std::string hex() const;
    /// The first 8 digits of hex(), for people.
    std::string short_hex() const { return hex().substr(0, 8); }

    auto operator<=>(const ReplicaId&) const = default;

  private:
    Bytes bytes_{};
};

}  // namespace kigumi
