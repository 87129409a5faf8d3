#include "kigumi/crdt/value.hpp"

#include <bit>
#include <cstring>

namespace kigumi {
namespace {

/// Upper bound of what a value takes when encoded; fails as soon as a limit is passed.
class Measure {
  public:
    Measure(std::size_t max_bytes, const char* too_large)
        : max_bytes_(max_bytes), too_large_(too_large) {}

    Result<void> visit(const Value& value, std::size_t depth) {
        KIGUMI_CHECK(add(9));
        if (const auto* text = value.get_if<std::string>()) return visit_text(*text);
        if (const auto* bytes = value.get_if<Bytes>()) return add(bytes->data.size());
        if (const auto* array = value.get_if<Array>()) {
            KIGUMI_CHECK(check_depth(depth));
            for (const Value& item : *array) KIGUMI_CHECK(visit(item, depth + 1));
        } else if (const auto* object = value.get_if<Object>()) {
            KIGUMI_CHECK(check_depth(depth));
            for (const auto& [name, item] : *object) {
                KIGUMI_CHECK(add(5));
                KIGUMI_CHECK(visit_text(name));
                KIGUMI_CHECK(visit(item, depth + 1));
            }
        }
        return {};
    }

  private:
    Result<void> add(std::size_t bytes) {
        bytes_ += bytes;
        if (bytes_ > max_bytes_) return fail(ErrorCode::kInvalidArgument, too_large_);
        return {};
    }
    Result<void> visit_text(const std::string& text) {
        if (!is_utf8(text))
            return fail(ErrorCode::kInvalidArgument, "text is not UTF-8; store it as bytes");
        return add(text.size());
    }
    static Result<void> check_depth(std::size_t depth) {
        if (depth >= kMaxValueDepth)
            return fail(ErrorCode::kInvalidArgument,
                        "value nests deeper than 16 levels; flatten it or store it as text");
        return {};
    }

    const std::size_t max_bytes_;
    const char* const too_large_;
    std::size_t bytes_ = 0;
};

}  // namespace

bool operator==(const Value& a, const Value& b) {
    const double* x = a.get_if<double>();
    const double* y = b.get_if<double>();
    if (x != nullptr && y != nullptr)
        return std::bit_cast<std::uint64_t>(*x) == std::bit_cast<std::uint64_t>(*y);
    return a.storage_ == b.storage_;
}

Result<void> check_writable(const Value& value) {
    return Measure(kMaxValueBytes,
                   "value is larger than 1 MiB; split it over several keys or fields")
        .visit(value, 0);
}

Result<void> check_outcome(const Value& outcome) {
    return Measure(kMaxOutcomeBytes,
                   "the outcome of a request is larger than 4 KiB; record only what its client "
                   "has to hear again")
        .visit(outcome, 0);
}

bool is_utf8(std::string_view text) {
    const auto* p = reinterpret_cast<const unsigned char*>(text.data());
    const auto* end = p + text.size();
    const auto tail = [&p, end](unsigned char low, unsigned char high) {
        return p != end && *p >= low && *p <= high && (++p, true);
    };
    while (p != end) {
        // Most text is ASCII: eight at a time.
        std::uint64_t eight = 0;
        if (end - p >= 8) std::memcpy(&eight, p, 8);
        if (end - p >= 8 && (eight & 0x8080'8080'8080'8080U) == 0) {
            p += 8;
            continue;
        }
        const unsigned char lead = *p++;
        if (lead < 0x80) continue;
        bool good = false;
        if (lead >= 0xC2 && lead <= 0xDF) {
            good = tail(0x80, 0xBF);
        } else if (lead >= 0xE0 && lead <= 0xEF) {
            good = tail(lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) && tail(0x80, 0xBF);
        } else if (lead >= 0xF0 && lead <= 0xF4) {
            good = tail(lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) &&
                   tail(0x80, 0xBF) && tail(0x80, 0xBF);
        }
        if (!good) return false;
    }
    return true;
}

}  // namespace kigumi
