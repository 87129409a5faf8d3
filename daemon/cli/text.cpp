#include "text.hpp"

#include <charconv>

#include "kigumi/crdt/json.hpp"
#include "kigumi/daemon/time_text.hpp"

namespace kigumi::cli {

Value text_or_bytes(std::string_view raw) {
    if (is_utf8(raw)) return Value(raw);
    return Value(Bytes{std::string(raw)});
}

Result<Value> value_argument(const Session& session, std::size_t index) {
    const std::string& raw = session.args[index];
    if (!session.json) return text_or_bytes(raw);
    auto value = from_json(raw);
    if (value) return value;
    return fail(ErrorCode::kInvalidArgument,
                "with --json a value has to be JSON, and text in quotes: " +
                    json_string(raw.substr(0, 40)) + ": " + value.error().message);
}

Result<std::int64_t> integer_argument(const Session& session, std::size_t index) {
    const std::string& raw = session.args[index];
    const char* const end = raw.data() + raw.size();
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(raw.data(), end, number);
    if (error == std::errc() && stop == end) return number;
    return fail(ErrorCode::kInvalidArgument,
                json_string(raw.substr(0, 40)) + " is not an integer of 64 signed bits; give one");
}

std::string show(const Session& session, const Value& value) {
    const auto* text = value.get_if<std::string>();
    return text != nullptr && !session.json ? *text : to_json(value);
}

std::string iso_time(Hlc time) { return kigumi::iso_time(time.ms()); }

std::string show(const Session& session, const Sibling& sibling) {
    const std::string replica = sibling.dot.origin.hex();
    const std::string time = iso_time(sibling.time);
    if (!session.json)
        return time + " " + replica + " " + (sibling.removed ? "removed" : to_json(sibling.value));
    JsonObject object;
    object.add("replica", Value(replica)).add("time", Value(time));
    if (sibling.removed) {
        object.add("removed", Value(true));
    } else {
        object.add("value", sibling.value);
    }
    return object.text();
}

std::string vector_json(const VersionVector& version) {
    JsonObject object;
    for (const auto& [origin, counter] : version) object.raw(origin.hex(), std::to_string(counter));
    return object.text();
}

std::string vector_text(const VersionVector& version) {
    std::string text;
    for (const auto& [origin, counter] : version)
        text += (text.empty() ? "" : " ") + Dot{origin, counter}.text();
    return text.empty() ? "nothing written yet" : text;
}

}  // namespace kigumi::cli
