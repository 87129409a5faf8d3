#pragma once

#include <boost/container/flat_map.hpp>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/crdt/result.hpp"

namespace kigumi {

class Value;

/// Raw bytes, as opposed to text.
struct Bytes {
    std::string data;
    auto operator<=>(const Bytes&) const = default;
};

/// Values in order, kept as one.
using Array = std::vector<Value>;
/// Values by name, in the order of names, kept as one.
using Object = boost::container::flat_map<std::string, Value>;

/// What a register, a set member or a map leaf holds: nil, bool, int64, double, UTF-8 text, bytes,
/// or an array or object of values.
///
/// Arrays and objects are kept whole: a write replaces them as one. 1 and 1.0 differ. Equality is
/// of bits, so it is reflexive for NaN as well and tells 0.0 from -0.0.
class Value {
  public:
    using Storage =
        std::variant<std::monostate, bool, std::int64_t, double, std::string, Bytes, Array, Object>;

    Value() = default;
    Value(std::nullptr_t) {}
    template <std::same_as<bool> B>
    Value(B value) : storage_(value) {}
    template <std::integral I>
    requires(!std::same_as<I, bool> && (std::signed_integral<I> || sizeof(I) < 8)) Value(I value)
        : storage_(static_cast<std::int64_t>(value)) {}
    Value(double value) : storage_(value) {}
    Value(const char* text) : storage_(std::string(text)) {}
    Value(std::string_view text) : storage_(std::string(text)) {}
    Value(std::string text) : storage_(std::move(text)) {}
    Value(Bytes bytes) : storage_(std::move(bytes)) {}
    Value(Array array) : storage_(std::move(array)) {}
    Value(Object object) : storage_(std::move(object)) {}

    const Storage& storage() const { return storage_; }
    bool is_nil() const { return std::holds_alternative<std::monostate>(storage_); }
    /// The alternative `T` if that is what is held, otherwise null.
    template <class T>
    const T* get_if() const {
        return std::get_if<T>(&storage_);
    }

    friend KIGUMI_API bool operator==(const Value& a, const Value& b);

  private:
    Storage storage_;
};

/// How deep arrays and objects may nest.
inline constexpr std::size_t kMaxValueDepth = 16;
/// The largest payload of one write, in encoded bytes.
inline constexpr std::size_t kMaxValueBytes = std::size_t{1} << 20;

/// Whether a value may be written: nesting, size and UTF-8 within the limits. O(size).
KIGUMI_API Result<void> check_writable(const Value& value);
/// The largest outcome of a request, in encoded bytes: every replica keeps it for a day.
inline constexpr std::size_t kMaxOutcomeBytes = std::size_t{4} << 10;
/// Whether a value may be recorded as the outcome of a request. O(size).
KIGUMI_API Result<void> check_outcome(const Value& outcome);
/// Whether the bytes are well-formed UTF-8 (no surrogates, no overlong forms).
KIGUMI_API bool is_utf8(std::string_view text);

}  // namespace kigumi
