#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <string_view>

#include "kigumi/crdt/result.hpp"

namespace kigumi {

/// Reads one msgpack text that may be hostile.
///
/// `parse` walks all bytes once before anything is built: nesting is bounded, and containers may
/// not announce more elements than there are bytes, over the whole text (msgpack's own limits are
/// per container, and 2.5 kB of nested headers made it reserve 16 GB). Memory is at most 24 bytes
/// for each byte read. Typed reads then take the tokens in order; the first mismatch is remembered,
/// later reads give zeros, and `finish` reports it. Views point into the parsed bytes.
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

    static Result<MsgpackReader> parse(std::string_view bytes);

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
    friend class TokenVisitor;
    struct Token {
        Kind kind;
        std::uint32_t size;
        union {
            std::uint64_t uint;
            std::int64_t integer;
            double number;
            const char* data;
        };
    };

    const Token* next(Kind kind);

    boost::container::small_vector<Token, 32> tokens_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

}  // namespace kigumi
