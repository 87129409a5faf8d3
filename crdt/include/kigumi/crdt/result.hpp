#pragma once

#include <stdexcept>
#include <string>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

#include "kigumi/clocks/export.hpp"

namespace kigumi {

/// What a caller can react to; the detail is in the message.
enum class ErrorCode {
    kInvalidArgument,  ///< the input is wrong; the message says what and what to do
    kNotFound,         ///< what was named does not exist
    kCorrupt,          ///< stored or received bytes do not check out
    kUnsupported,      ///< written by another format or protocol version
    kFull,             ///< disk, map or a stated limit is used up; nothing was written
    kBusy,             ///< another process or thread holds it; try again
    kIo,               ///< the operating system or the network failed
    kNotYet,           ///< what was waited for has not come in time; it may come later
};

/// An operating error: one sentence that names what was wrong and what to do.
struct Error {
    ErrorCode code = ErrorCode::kIo;
    std::string message;
};

/// What Result::value throws: the message of the Error.
class KIGUMI_API ResultError : public std::runtime_error {
  public:
    explicit ResultError(Error error)
        : std::runtime_error(error.message), error_(std::move(error)) {}
    const Error& error() const { return error_; }

  private:
    Error error_;
};

/// A value or an Error (the shape of std::expected). Ignoring one is a compiler warning.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  public:
    using tl::expected<T, Error>::expected;

    /// The value, for callers who prefer exceptions: throws ResultError if there is none. The
    /// library itself never calls it. From a temporary it comes by value, so that
    /// `for (auto& x : f().value())` is safe.
    std::add_lvalue_reference_t<T> value() & {
        check();
        if constexpr (!std::is_void_v<T>) return **this;
    }
    T value() && {
        check();
        if constexpr (!std::is_void_v<T>) return *std::move(*this);
    }
    std::add_lvalue_reference_t<const T> value() const& {
        check();
        if constexpr (!std::is_void_v<T>) return **this;
    }

  private:
    void check() const {
        if (!this->has_value()) throw ResultError(this->error());
    }
};

/// Makes the failed Result of a function: `return fail(ErrorCode::kFull, "...")`.
inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
    return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace kigumi

#define KIGUMI_CONCAT_(a, b) a##b
#define KIGUMI_CONCAT(a, b) KIGUMI_CONCAT_(a, b)

/// Evaluates a Result<void>; returns its error from the calling function if it failed.
#define KIGUMI_CHECK(expression)                                                  \
    do {                                                                          \
        if (auto checked = (expression); !checked)                                \
            return ::tl::unexpected<::kigumi::Error>(std::move(checked.error())); \
    } while (false)

/// Binds the value of a Result to `declaration`, or returns its error from the calling function.
#define KIGUMI_TRY(declaration, expression)                      \
    auto KIGUMI_CONCAT(tried_, __LINE__) = (expression);         \
    if (!KIGUMI_CONCAT(tried_, __LINE__))                        \
        return ::tl::unexpected<::kigumi::Error>(                \
            std::move(KIGUMI_CONCAT(tried_, __LINE__).error())); \
    declaration = std::move(*KIGUMI_CONCAT(tried_, __LINE__))
