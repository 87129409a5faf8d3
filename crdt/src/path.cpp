#include "kigumi/crdt/path.hpp"

#include <bit>

namespace kigumi::path {
namespace {

// Tags sort as the values should: nil, false, true, numbers, text, bytes, arrays, objects. None is
// 0x00, which ends arrays and objects.
enum Tag : unsigned char {
    kNil = 0x01,
    kFalse = 0x02,
    kTrue = 0x03,
    kInteger = 0x04,
    kDouble = 0x05,
    kText = 0x06,
    kBytes = 0x07,
    kArray = 0x08,
    kObject = 0x09,
    kLeaf = 0x0A,
};

constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
constexpr char kEscape = '\xFF';

void append_fixed(std::string& path, std::uint64_t bits) {
    for (int shift = 56; shift >= 0; shift -= 8) path.push_back(static_cast<char>(bits >> shift));
}

std::uint64_t read_fixed(std::string_view raw) {
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = bits << 8 | static_cast<unsigned char>(raw[i]);
    return bits;
}

// Negative doubles sort backwards by their bits, and below all positive ones.
std::uint64_t ordered(double number) {
    const auto bits = std::bit_cast<std::uint64_t>(number);
    return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

double unordered(std::uint64_t bits) {
    return std::bit_cast<double>((bits & kSign) != 0 ? bits & ~kSign : ~bits);
}

tl::unexpected<Error> malformed() { return fail(ErrorCode::kCorrupt, "a row's path is malformed"); }

Result<std::size_t> escaped_length(std::string_view path) {
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] != '\0') continue;
        if (i + 1 < path.size() && path[i + 1] == kEscape) {
            ++i;
            continue;
        }
        return i + 1;
    }
    return malformed();
}

Result<Value> take(std::string_view& path, std::size_t depth);

Result<Value> take_array(std::string_view& path, std::size_t depth) {
    Array array;
    while (!path.empty() && path[0] != '\0') {
        KIGUMI_TRY(Value item, take(path, depth + 1));
        array.push_back(std::move(item));
    }
    if (path.empty()) return malformed();
    path.remove_prefix(1);
    return Value(std::move(array));
}

Result<Value> take_object(std::string_view& path, std::size_t depth) {
    Object object;
    while (!path.empty() && path[0] != '\0') {
        if (path[0] != kText) return malformed();
        path.remove_prefix(1);
        KIGUMI_TRY(std::string name, take_escaped(path));
        KIGUMI_TRY(Value item, take(path, depth + 1));
        // Writers go in order. Any other order would cost a sorted object quadratic time, and give
        // one member two paths.
        if (!object.empty() && name <= object.rbegin()->first) return malformed();
        object.emplace_hint(object.end(), std::move(name), std::move(item));
    }
    if (path.empty()) return malformed();
    path.remove_prefix(1);
    return Value(std::move(object));
}

Result<Value> take(std::string_view& path, std::size_t depth) {
    if (path.empty() || depth > kMaxValueDepth) return malformed();
    const auto tag = static_cast<unsigned char>(path[0]);
    path.remove_prefix(1);
    switch (tag) {
        case kNil:
            return Value();
        case kFalse:
            return Value(false);
        case kTrue:
            return Value(true);
        case kInteger:
        case kDouble: {
            if (path.size() < 8) return malformed();
            const std::uint64_t bits = read_fixed(path);
            path.remove_prefix(8);
            if (tag == kDouble) return Value(unordered(bits));
            return Value(static_cast<std::int64_t>(bits ^ kSign));
        }
        case kText: {
            KIGUMI_TRY(std::string text, take_escaped(path));
            return Value(std::move(text));
        }
        case kBytes: {
            KIGUMI_TRY(std::string raw, take_escaped(path));
            return Value(Bytes{std::move(raw)});
        }
        case kArray:
            return take_array(path, depth);
        case kObject:
            return take_object(path, depth);
        default:
            return malformed();
    }
}

}  // namespace

void append_escaped(std::string& path, std::string_view raw) {
    for (const char c : raw) {
        path.push_back(c);
        if (c == '\0') path.push_back(kEscape);
    }
    path.push_back('\0');
}

void append(std::string& path, const Value& value) {
    if (const auto* flag = value.get_if<bool>()) {
        path.push_back(*flag ? kTrue : kFalse);
    } else if (const auto* integer = value.get_if<std::int64_t>()) {
        path.push_back(kInteger);
        append_fixed(path, static_cast<std::uint64_t>(*integer) ^ kSign);
    } else if (const auto* number = value.get_if<double>()) {
        path.push_back(kDouble);
        append_fixed(path, ordered(*number));
    } else if (const auto* text = value.get_if<std::string>()) {
        path.push_back(kText);
        append_escaped(path, *text);
    } else if (const auto* bytes = value.get_if<Bytes>()) {
        path.push_back(kBytes);
        append_escaped(path, bytes->data);
    } else if (const auto* array = value.get_if<Array>()) {
        path.push_back(kArray);
        for (const Value& item : *array) append(path, item);
        path.push_back('\0');
    } else if (const auto* object = value.get_if<Object>()) {
        path.push_back(kObject);
        for (const auto& [name, item] : *object) {
            // A name may be empty, so it carries a tag too: nothing inside may look like the end.
            path.push_back(kText);
            append_escaped(path, name);
            append(path, item);
        }
        path.push_back('\0');
    } else {
        path.push_back(kNil);
    }
}

void append(std::string& path, Type leaf) {
    path.push_back(kLeaf);
    path.push_back(static_cast<char>(leaf));
}

Result<std::size_t> element_length(std::string_view path) {
    std::string_view rest = path;
    if (!path.empty() && path[0] == kLeaf) {
        KIGUMI_TRY([[maybe_unused]] const Type leaf, take_leaf(rest));
    } else if (!path.empty() && (path[0] == kText || path[0] == kBytes)) {
        KIGUMI_TRY(const std::size_t length, escaped_length(path.substr(1)));
        return length + 1;
    } else {
        KIGUMI_TRY([[maybe_unused]] const Value value, take(rest, 0));
    }
    return path.size() - rest.size();
}

Result<Value> take_value(std::string_view& path) { return take(path, 0); }

Result<Type> take_leaf(std::string_view& path) {
    if (path.size() < 2 || path[0] != kLeaf) return malformed();
    const auto leaf = object_type_of(static_cast<unsigned char>(path[1]));
    if (!leaf) return malformed();
    path.remove_prefix(2);
    return *leaf;
}

Result<std::string> take_escaped(std::string_view& path) {
    KIGUMI_TRY(const std::size_t length, escaped_length(path));
    std::string raw;
    for (std::size_t i = 0; i + 1 < length; ++i) {
        raw.push_back(path[i]);
        if (path[i] == '\0') ++i;
    }
    path.remove_prefix(length);
    return raw;
}

}  // namespace kigumi::path
