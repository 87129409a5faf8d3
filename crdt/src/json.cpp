#include "kigumi/crdt/json.hpp"

#include <limits>
#include <nlohmann/json.hpp>

namespace kigumi {
namespace {

constexpr std::string_view kBytesMember = "$bytes";
constexpr std::string_view kDigits = "0123456789abcdef";

std::string to_hex(std::string_view raw) {
    std::string out;
    for (const char c : raw) {
        out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
        out.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
    }
    return out;
}

bool from_hex(std::string_view hex, std::string& out) {
    if (hex.size() % 2 != 0) return false;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        const auto high = kDigits.find(hex[i]);
        const auto low = kDigits.find(hex[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) return false;
        out.push_back(static_cast<char>(high * 16 + low));
    }
    return true;
}

/// Builds a Value from parse events, so that limits hold before memory is taken.
class Builder : public nlohmann::json_sax<nlohmann::json> {
  public:
    bool null() override { return add(Value()); }
    bool boolean(bool value) override { return add(Value(value)); }
    bool number_integer(std::int64_t value) override { return add(Value(value)); }
    bool number_unsigned(std::uint64_t value) override {
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            return stop(
                "integer does not fit 64 signed bits; write it as text or with a decimal point");
        return add(Value(static_cast<std::int64_t>(value)));
    }
    bool number_float(double value, const std::string&) override { return add(Value(value)); }
    bool string(std::string& value) override { return add(Value(std::move(value))); }
    bool binary(nlohmann::json::binary_t&) override { return stop("binary is not JSON"); }
    bool start_object(std::size_t) override { return open(Object()); }
    bool start_array(std::size_t) override { return open(Array()); }
    bool key(std::string& name) override {
        if (std::get<Object>(open_.back().container).contains(name))
            return stop("member " + json_string(name) + " stands twice in one object");
        open_.back().name = std::move(name);
        return true;
    }
    bool end_array() override { return close(); }
    bool end_object() override { return close(); }
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::json::exception&) override {
        return stop("not JSON at character " + std::to_string(position));
    }

    Result<Value> finish(bool parsed) {
        if (!parsed) return fail(ErrorCode::kInvalidArgument, error_);
        return std::move(root_);
    }

  private:
    struct Open {
        std::variant<Array, Object> container;
        std::string name;
    };

    bool stop(std::string why) {
        if (error_.empty()) error_ = std::move(why);
        return false;
    }
    bool open(std::variant<Array, Object> container) {
        if (open_.size() >= kMaxValueDepth) return stop("JSON nests deeper than 16 levels");
        open_.push_back({std::move(container), {}});
        return true;
    }
    bool close() {
        Open done = std::move(open_.back());
        open_.pop_back();
        if (auto* array = std::get_if<Array>(&done.container)) return add(Value(std::move(*array)));
        auto& object = std::get<Object>(done.container);
        if (object.size() == 1 && object.begin()->first == kBytesMember) {
            Bytes bytes;
            const auto* hex = object.begin()->second.get_if<std::string>();
            if (hex == nullptr || !from_hex(*hex, bytes.data))
                return stop("\"$bytes\" takes a text of lower-case hexadecimal digits");
            return add(Value(std::move(bytes)));
        }
        return add(Value(std::move(object)));
    }
    bool add(Value value) {
        if (open_.empty()) {
            root_ = std::move(value);
        } else if (auto* array = std::get_if<Array>(&open_.back().container)) {
            array->push_back(std::move(value));
        } else {
            std::get<Object>(open_.back().container)
                .emplace(std::move(open_.back().name), std::move(value));
        }
        return true;
    }

    std::vector<Open> open_;
    Value root_;
    std::string error_;
};

void write_json(const Value& value, std::string& out) {
    if (const auto* array = value.get_if<Array>()) {
        out.push_back('[');
        const char* separator = "";
        for (const Value& item : *array) {
            out += separator;
            write_json(item, out);
            separator = ",";
        }
        out.push_back(']');
    } else if (const auto* object = value.get_if<Object>()) {
        out.push_back('{');
        const char* separator = "";
        for (const auto& [name, item] : *object) {
            out += separator + json_string(name) + ":";
            write_json(item, out);
            separator = ",";
        }
        out.push_back('}');
    } else if (const auto* text = value.get_if<std::string>()) {
        out += json_string(*text);
    } else if (const auto* bytes = value.get_if<Bytes>()) {
        out += "{\"$bytes\":\"" + to_hex(bytes->data) + "\"}";
    } else if (const auto* flag = value.get_if<bool>()) {
        out += *flag ? "true" : "false";
    } else if (const auto* integer = value.get_if<std::int64_t>()) {
        out += std::to_string(*integer);
    } else if (const auto* number = value.get_if<double>()) {
        out += nlohmann::json(*number).dump();
    } else {
        out += "null";
    }
}

}  // namespace

Result<Value> from_json(std::string_view text) {
    Builder builder;
    const bool parsed = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
    return builder.finish(parsed);
}

std::string to_json(const Value& value) {
    std::string out;
    write_json(value, out);
    return out;
}

std::string json_string(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace kigumi
