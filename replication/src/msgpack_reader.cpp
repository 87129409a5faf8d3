#include "msgpack_reader.hpp"

#include <algorithm>
#include <bit>
#include <msgpack/null_visitor.hpp>
#include <msgpack/unpack.hpp>
#include <new>

namespace kigumi {
namespace {

/// Walks a text without building anything.
class BoundsVisitor : public msgpack::null_visitor {
  public:
    explicit BoundsVisitor(std::uint64_t elements) : left_(elements) {}

    bool visit_ext(const char*, std::uint32_t) { return false; }
    bool start_array(std::uint32_t size) { return open(size); }
    bool start_map(std::uint32_t size) { return open(std::uint64_t{2} * size); }
    bool end_array() { return --depth_, true; }
    bool end_map() { return --depth_, true; }
    void parse_error(std::size_t, std::size_t) {}
    void insufficient_bytes(std::size_t, std::size_t) {}

    bool too_many() const { return too_many_; }

  private:
    bool open(std::uint64_t elements) {
        too_many_ = elements > left_;
        if (too_many_ || ++depth_ > MsgpackReader::kMaxDepth) return false;
        left_ -= elements;
        return true;
    }

    std::uint64_t left_;
    std::size_t depth_ = 0;
    bool too_many_ = false;
};

/// `size` bytes from `at` on as a number, the highest first.
std::uint64_t big_endian(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

std::uint64_t sign_extended(std::uint64_t value, std::size_t size) {
    const auto shift = static_cast<int>(64 - 8 * size);
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value << shift) >> shift);
}

}  // namespace

Result<MsgpackReader> MsgpackReader::parse(std::string_view bytes, std::uint64_t max_elements) {
    BoundsVisitor visitor(std::min<std::uint64_t>(bytes.size(), max_elements));
    std::size_t consumed = 0;
    try {
        if (msgpack::parse(bytes.data(), bytes.size(), consumed, visitor) &&
            consumed == bytes.size())
            return MsgpackReader(bytes);
    } catch (const std::bad_alloc&) {
        // Want of memory is no damage.
        throw;
    } catch (const std::exception&) {
        // msgpack reports some malformed texts by throwing; the answer is the same.
    }
    if (visitor.too_many() && max_elements < bytes.size())
        return fail(ErrorCode::kCorrupt,
                    "a text has more than " + std::to_string(max_elements) + " elements");
    return fail(ErrorCode::kCorrupt, "malformed msgpack");
}

MsgpackReader::Token MsgpackReader::first() const {
    const auto scalar = [](Kind kind, std::uint64_t bits, std::size_t length) {
        return Token{kind, bits, {}, length};
    };
    const auto view = [this](Kind kind, std::size_t header, std::size_t size) {
        return Token{kind, 0, rest_.substr(header, size), header + size};
    };
    const auto number = [this](std::size_t size) { return big_endian(rest_, 1, size); };
    const auto integer = [&](std::size_t size) {
        const std::uint64_t bits = sign_extended(number(size), size);
        // As the library sees it: an integer that is not negative is unsigned.
        const bool negative = static_cast<std::int64_t>(bits) < 0;
        return scalar(negative ? Kind::kInt : Kind::kUint, bits, 1 + size);
    };
    const auto tag = static_cast<unsigned char>(rest_[0]);
    if (tag <= 0x7F) return scalar(Kind::kUint, tag, 1);
    if (tag <= 0x8F) return scalar(Kind::kMap, tag & 0x0FU, 1);
    if (tag <= 0x9F) return scalar(Kind::kArray, tag & 0x0FU, 1);
    if (tag <= 0xBF) return view(Kind::kText, 1, tag & 0x1FU);
    if (tag >= 0xE0) return scalar(Kind::kInt, sign_extended(tag, 1), 1);
    switch (tag) {
        case 0xC2:
        case 0xC3:
            return scalar(Kind::kBool, tag & 1U, 1);
        case 0xC4:
        case 0xC5:
        case 0xC6: {
            const std::size_t size = std::size_t{1} << (tag - 0xC4U);
            return view(Kind::kBytes, 1 + size, number(size));
        }
        case 0xCA: {
            const auto narrow = std::bit_cast<float>(static_cast<std::uint32_t>(number(4)));
            return scalar(Kind::kDouble, std::bit_cast<std::uint64_t>(double{narrow}), 5);
        }
        case 0xCB:
            return scalar(Kind::kDouble, number(8), 9);
        case 0xCC:
        case 0xCD:
        case 0xCE:
        case 0xCF: {
            const std::size_t size = std::size_t{1} << (tag - 0xCCU);
            return scalar(Kind::kUint, number(size), 1 + size);
        }
        case 0xD0:
        case 0xD1:
        case 0xD2:
        case 0xD3:
            return integer(std::size_t{1} << (tag - 0xD0U));
        case 0xD9:
        case 0xDA:
        case 0xDB: {
            const std::size_t size = std::size_t{1} << (tag - 0xD9U);
            return view(Kind::kText, 1 + size, number(size));
        }
        case 0xDC:
        case 0xDD:
            return scalar(Kind::kArray, number(tag == 0xDC ? 2 : 4), tag == 0xDC ? 3 : 5);
        case 0xDE:
        case 0xDF:
            return scalar(Kind::kMap, number(tag == 0xDE ? 2 : 4), tag == 0xDE ? 3 : 5);
        default:
            // Nil; extensions were refused.
            return scalar(Kind::kNil, 0, 1);
    }
}

MsgpackReader::Kind MsgpackReader::peek() const {
    return rest_.empty() ? Kind::kNil : first().kind;
}

MsgpackReader::Token MsgpackReader::next(Kind kind) {
    if (!ok_ || rest_.empty()) {
        ok_ = false;
        return {};
    }
    const Token token = first();
    if (token.kind != kind) {
        ok_ = false;
        return {};
    }
    rest_.remove_prefix(token.length);
    return token;
}

void MsgpackReader::nil() { next(Kind::kNil); }

bool MsgpackReader::boolean() { return next(Kind::kBool).bits != 0; }

std::uint64_t MsgpackReader::uint() { return next(Kind::kUint).bits; }

std::int64_t MsgpackReader::integer() {
    if (peek() == Kind::kInt) return static_cast<std::int64_t>(next(Kind::kInt).bits);
    const std::uint64_t value = uint();
    if (value > static_cast<std::uint64_t>(INT64_MAX)) ok_ = false;
    return static_cast<std::int64_t>(value);
}

double MsgpackReader::number() { return std::bit_cast<double>(next(Kind::kDouble).bits); }

std::string_view MsgpackReader::text() { return next(Kind::kText).view; }

std::string_view MsgpackReader::bytes() { return next(Kind::kBytes).view; }

std::uint32_t MsgpackReader::array() { return static_cast<std::uint32_t>(next(Kind::kArray).bits); }

std::uint32_t MsgpackReader::map() { return static_cast<std::uint32_t>(next(Kind::kMap).bits); }

void MsgpackReader::array_of(std::uint32_t size) {
    if (array() != size) ok_ = false;
}

Result<void> MsgpackReader::finish(std::string_view what) const {
    if (ok_ && rest_.empty()) return {};
    return fail(ErrorCode::kCorrupt, std::string(what) + " is malformed");
}

}  // namespace kigumi
