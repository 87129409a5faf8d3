#pragma once

#include <cstdint>
#include <string_view>

#include "kigumi/crdt/result.hpp"

namespace kigumi {

/// Reads one msgpack text that may be hostile.
///
/// `parse` walks all bytes once before anything is built: nesting is bounded, and containers may
/// not announce more elements than there are bytes, over the whole text (msgpack's own limits are
/// per container, and 2.5 kB of nested headers made it reserve 16 GB). Typed reads then take the
/// tokens in order from the bytes themselves, so that reading takes no memory; msgpack has no such
/// cursor, and keeping its tokens cost 24 bytes for each byte of a hostile text. The first mismatch
/// is remembered, later reads give zeros, and `finish` reports it. Views point into the parsed
/// bytes. Cheap to copy: a copy reads ahead.
class MsgpackReader {
  public:
    enum class Kind : std::uint8_t {
        kNil,
        kBool,
        kUint,
        kInt,
        kDouble,
        kText,
        kBytes,
        kArray,
        kMap
    };

    static constexpr std::size_t kMaxDepth = 24;

    /// `max_elements`: of all containers together; what is built of a text is bounded by that.
    static Result<MsgpackReader> parse(std::string_view bytes,
                                       std::uint64_t max_elements = UINT64_MAX);

    /// The kind of the next token; kNil at the end.
    Kind peek() const;
    bool ok() const { return ok_; }

    void nil();
    bool boolean();
    std::uint64_t uint();
    std::int64_t integer();
    double number();
    std::string_view text();
    std::string_view bytes();
    /// The number of elements (pairs for a map) that follow.
    std::uint32_t array();
    std::uint32_t map();
    /// As array(), but any other number of elements is a mismatch.
    void array_of(std::uint32_t size);

    /// Marks the text as wrong: a value that has the right kind but not a right content.
    void reject() { ok_ = false; }
    /// Fails unless every read matched and nothing is left. `what` names the text in the message.
    Result<void> finish(std::string_view what) const;

  private:
    /// A scalar, or the header of a container.
    struct Token {
        Kind kind = Kind::kNil;
        std::uint64_t bits = 0;      ///< of a number; the size of a container
        std::string_view view = {};  ///< of text and bytes
        std::size_t length = 0;      ///< in the text
    };

    explicit MsgpackReader(std::string_view bytes) : rest_(bytes) {}
    /// The first token of what is left. The text was parsed, so it is whole.
    Token first() const;
    Token next(Kind kind);

    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace kigumi
