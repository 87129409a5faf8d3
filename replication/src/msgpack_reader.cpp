#include "msgpack_reader.hpp"

#include <msgpack/null_visitor.hpp>
#include <msgpack/unpack.hpp>
#include <new>

namespace kigumi {

class TokenVisitor : public msgpack::null_visitor {
  public:
    using Kind = MsgpackReader::Kind;

    TokenVisitor(MsgpackReader& reader, std::size_t bytes) : reader_(reader), budget_(bytes) {}

    bool visit_nil() { return add(Kind::kNil); }
    bool visit_boolean(bool value) { return add(Kind::kBool, value ? 1 : 0); }
    bool visit_positive_integer(std::uint64_t value) { return add(Kind::kUint, value); }
    bool visit_negative_integer(std::int64_t value) {
        return add(Kind::kInt, static_cast<std::uint64_t>(value));
    }
    bool visit_float32(float value) { return visit_float64(value); }
    bool visit_float64(double value) {
        MsgpackReader::Token token{Kind::kDouble, 0, {}};
        token.number = value;
        return add(token);
    }
    bool visit_str(const char* data, std::uint32_t size) {
        return add_view(Kind::kText, data, size);
    }
    bool visit_bin(const char* data, std::uint32_t size) {
        return add_view(Kind::kBytes, data, size);
    }
    bool visit_ext(const char*, std::uint32_t) { return false; }
    bool start_array(std::uint32_t size) { return open(Kind::kArray, size, size); }
    bool start_map(std::uint32_t size) { return open(Kind::kMap, size, std::uint64_t{2} * size); }
    bool end_array() { return --depth_, true; }
    bool end_map() { return --depth_, true; }
    void parse_error(std::size_t, std::size_t) {}
    void insufficient_bytes(std::size_t, std::size_t) {}

  private:
    bool open(Kind kind, std::uint32_t size, std::uint64_t elements) {
        if (elements > budget_ || ++depth_ > MsgpackReader::kMaxDepth) return false;
        budget_ -= elements;
        return add({kind, size, {}});
    }
    bool add(Kind kind, std::uint64_t bits = 0) {
        MsgpackReader::Token token{kind, 0, {}};
        token.uint = bits;
        return add(token);
    }
    bool add_view(Kind kind, const char* data, std::uint32_t size) {
        MsgpackReader::Token token{kind, size, {}};
        token.data = data;
        return add(token);
    }
    bool add(const MsgpackReader::Token& token) {
        reader_.tokens_.push_back(token);
        return true;
    }

    MsgpackReader& reader_;
    std::uint64_t budget_;
    std::size_t depth_ = 0;
};

Result<MsgpackReader> MsgpackReader::parse(std::string_view bytes) {
    MsgpackReader reader;
    TokenVisitor visitor(reader, bytes.size());
    std::size_t consumed = 0;
    try {
        if (msgpack::parse(bytes.data(), bytes.size(), consumed, visitor) &&
            consumed == bytes.size())
            return reader;
    } catch (const std::bad_alloc&) {
        // Want of memory is no damage.
        throw;
    } catch (const std::exception&) {
        // msgpack reports some malformed texts by throwing; the answer is the same.
    }
    return fail(ErrorCode::kCorrupt, "malformed msgpack");
}

MsgpackReader::Kind MsgpackReader::peek() const {
    return at_ < tokens_.size() ? tokens_[at_].kind : Kind::kNil;
}

const MsgpackReader::Token* MsgpackReader::next(Kind kind) {
    if (!ok_ || at_ >= tokens_.size() || tokens_[at_].kind != kind) {
        ok_ = false;
        return nullptr;
    }
    return &tokens_[at_++];
}

void MsgpackReader::nil() { next(Kind::kNil); }

bool MsgpackReader::boolean() {
    const Token* token = next(Kind::kBool);
    return token != nullptr && token->uint != 0;
}

std::uint64_t MsgpackReader::uint() {
    const Token* token = next(Kind::kUint);
    return token == nullptr ? 0 : token->uint;
}

std::int64_t MsgpackReader::integer() {
    if (peek() == Kind::kInt) {
        const Token* token = next(Kind::kInt);
        return token == nullptr ? 0 : token->integer;
    }
    const std::uint64_t value = uint();
    if (value > static_cast<std::uint64_t>(INT64_MAX)) ok_ = false;
    return static_cast<std::int64_t>(value);
}

double MsgpackReader::number() {
    const Token* token = next(Kind::kDouble);
    return token == nullptr ? 0 : token->number;
}

std::string_view MsgpackReader::text() {
    const Token* token = next(Kind::kText);
    return token == nullptr ? std::string_view() : std::string_view(token->data, token->size);
}

std::string_view MsgpackReader::bytes() {
    const Token* token = next(Kind::kBytes);
    return token == nullptr ? std::string_view() : std::string_view(token->data, token->size);
}

std::uint32_t MsgpackReader::array() {
    const Token* token = next(Kind::kArray);
    return token == nullptr ? 0 : token->size;
}

std::uint32_t MsgpackReader::map() {
    const Token* token = next(Kind::kMap);
    return token == nullptr ? 0 : token->size;
}

void MsgpackReader::array_of(std::uint32_t size) {
    if (array() != size) ok_ = false;
}

Result<void> MsgpackReader::finish(std::string_view what) const {
    if (ok_ && at_ == tokens_.size()) return {};
    return fail(ErrorCode::kCorrupt, std::string(what) + " is malformed");
}

}  // namespace kigumi
