#include "kigumi/crdt/row_key.hpp"

#include "kigumi/crdt/json.hpp"
#include "kigumi/crdt/path.hpp"

namespace kigumi {
namespace {

tl::unexpected<Error> misshapen(const RowKey& at) {
    return fail(ErrorCode::kInvalidArgument, "the path of a row in the " +
                                                 std::string(name_of(at.type)) + " " +
                                                 json_string(at.key) + " is malformed");
}

Result<void> skip_element(std::string_view& path) {
    KIGUMI_TRY(const std::size_t length, path::element_length(path));
    path.remove_prefix(length);
    return {};
}

}  // namespace

Result<void> check_row_key(const RowKey& at) {
    if (at.key.empty() || at.key.size() > kMaxKeyBytes)
        return fail(ErrorCode::kInvalidArgument, "a key has 1 to 4,096 bytes; use another one");
    if (at.path.size() > kMaxPathBytes)
        return fail(
            ErrorCode::kInvalidArgument,
            "set member or field name is longer than 64 KiB; keep large content in a register");
    std::string_view rest = at.path;
    if (at.type == Type::kSet) {
        KIGUMI_CHECK(skip_element(rest));
    } else if (at.type == Type::kMap) {
        KIGUMI_TRY(const Value field, path::take_value(rest));
        const auto* name = field.get_if<std::string>();
        if (name == nullptr) return misshapen(at);
        if (!is_utf8(*name))
            return fail(ErrorCode::kInvalidArgument,
                        "a field's name is not UTF-8; use another one");
        KIGUMI_TRY(const Type leaf, path::take_leaf(rest));
        if (leaf == Type::kMap || leaf == Type::kFlag) return misshapen(at);
        if (leaf == Type::kSet) KIGUMI_CHECK(skip_element(rest));
    } else if (at.type == Type::kRequest) {
        KIGUMI_TRY(const Value element, path::take_value(rest));
        const auto* id = element.get_if<std::string>();
        if (id == nullptr || at.key != kRequestsKey) return misshapen(at);
        if (id->empty() || id->size() > kMaxRequestBytes || !is_utf8(*id))
            return fail(ErrorCode::kInvalidArgument,
                        "a request's id is UTF-8 of 1 to 128 bytes; use another one");
    }
    if (!rest.empty()) return misshapen(at);
    return {};
}

Type leaf_type(const RowKey& at) {
    if (at.type != Type::kMap) return at.type;
    std::string_view rest = at.path;
    if (!skip_element(rest)) return at.type;
    const auto leaf = path::take_leaf(rest);
    return leaf ? *leaf : at.type;
}

std::string path_json(const RowKey& at) {
    std::string out = "[";
    std::string_view rest = at.path;
    const char* separator = "";
    while (!rest.empty()) {
        out += separator;
        separator = ",";
        if (const auto leaf = path::take_leaf(rest)) {
            out += json_string(name_of(*leaf));
        } else if (const auto value = path::take_value(rest)) {
            out += to_json(*value);
        } else {
            break;
        }
    }
    return out + "]";
}

}  // namespace kigumi
