#include "log_line.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "kigumi/crdt/json.hpp"

namespace kigumi {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

bool is_key_character(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

/// The length of `key=` at the beginning; 0 if there is none.
std::size_t key_length(std::string_view text) {
    std::size_t n = 0;
    while (n < text.size() && is_key_character(text[n])) ++n;
    return n > 0 && n < text.size() && text[n] == '=' ? n + 1 : 0;
}

/// Where a value in quotes ends: at a quote with a pair or nothing behind it, since messages have
/// quotes of their own.
std::size_t closing_quote(std::string_view text) {
    for (std::size_t at = text.find('"'); at != std::string_view::npos;
         at = text.find('"', at + 1)) {
        const std::string_view rest = text.substr(at + 1);
        if (rest.empty() || (rest[0] == ' ' && key_length(rest.substr(1)) > 0)) return at;
    }
    return std::string_view::npos;
}

std::optional<Pairs> pairs_of(std::string_view text) {
    Pairs pairs;
    while (!text.empty()) {
        const std::size_t key = key_length(text);
        if (key == 0) return std::nullopt;
        const std::string name(text.substr(0, key - 1));
        text.remove_prefix(key);
        const bool quoted = text.starts_with('"');
        if (quoted) text.remove_prefix(1);
        const std::size_t end =
            quoted ? closing_quote(text) : std::min(text.find(' '), text.size());
        if (end == std::string_view::npos) return std::nullopt;
        pairs.emplace_back(name, text.substr(0, end));
        text.remove_prefix(std::min(end + (quoted ? 2 : 1), text.size()));
    }
    return pairs;
}

}  // namespace

std::string text_line(const Effects::Note& note) {
    std::string line = "event=" + note.event + (note.detail.empty() ? "" : " ") + note.detail;
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return line;
}

std::string json_line(const Effects::Note& note) {
    std::string line = "\"event\":" + json_string(note.event);
    const auto add = [&line](const std::string& name, const std::string& value) {
        line += "," + json_string(name) + ":" + json_string(value);
    };
    auto pairs = pairs_of(note.detail);
    if (!pairs) pairs = Pairs{{"detail", note.detail}};
    for (const auto& [name, value] : *pairs) {
        const bool taken = name == "event" || name == "time" || name == "level";
        add(taken ? name + "_" : name, value);
    }
    return line;
}

}  // namespace kigumi
