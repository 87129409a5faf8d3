#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/result.hpp"

namespace kigumi {

/// A node's public key (Curve25519, as CurveZMQ uses it): how peers name it in their allow lists,
/// and the only thing that says who it is. Text is Z85: 40 characters of ASCII, among them `@`,
/// `=` and `:`, never quotes, commas or spaces.
class KIGUMI_API PublicKey {
  public:
    static constexpr std::size_t kBytes = 32;
    static constexpr std::size_t kText = 40;

    /// kInvalidArgument if the text is no key.
    static Result<PublicKey> parse(std::string_view text);

    const std::string& text() const { return text_; }
    /// Enough of it to tell keys apart in a log.
    std::string short_text() const { return text_.substr(0, 8); }
    std::strong_ordering operator<=>(const PublicKey& other) const {
        return text_.compare(other.text_) <=> 0;
    }
    bool operator==(const PublicKey&) const = default;

  private:
    explicit PublicKey(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

/// A key pair. The secret half is wiped from memory when it goes away.
class KIGUMI_API KeyPair {
  public:
    /// A fresh one from the system's random numbers. Its public half begins with a letter or digit
    /// and can be written in a shell without quotes: of some thousand pairs the first such one is
    /// taken, about half a second of work.
    static Result<KeyPair> generate();
    /// A fresh one with any text, for a moment's use.
    static Result<KeyPair> ephemeral();
    /// From a file of the form in `docs/format/key.md`. Refuses one that others can read.
    static Result<KeyPair> load(const std::filesystem::path& file);
    /// Writes such a file, durably, with mode 0600. Refuses to replace any file.
    Result<void> save(const std::filesystem::path& file) const;

    ~KeyPair();
    KeyPair(KeyPair&& other) noexcept;
    KeyPair& operator=(KeyPair&&) = delete;

    const PublicKey& public_key() const { return public_; }
    /// 40 characters of Z85. Nothing prints this.
    const char* secret() const { return secret_.data(); }

  private:
    using Secret = std::array<char, PublicKey::kText + 1>;
    KeyPair(PublicKey public_key, const Secret& secret)
        : public_(std::move(public_key)), secret_(secret) {}

    PublicKey public_;
    Secret secret_;
};

}  // namespace kigumi
